import { defineVerb } from "../../command.ts";
import { text } from "../../flags.ts";
import { inspectFormat } from "../../format/inspect.ts";
import { print } from "../../output.ts";
import { PROGRAM, VERSION } from "../../program.ts";

export default defineVerb({
  names: ["version"],
  summary: "Show the mini-docker version information",
  usage: "[OPTIONS]",
  operands: { min: 0, max: 0 },
  flags: { format: text("Format output using a Go template, or 'json'", "f") },
  async run({ flags }) {
    const { release } = await import("node:os");
    // There is no server apart from the client; scripts that ask for its version get the same answer.
    const part = { Version: VERSION, Os: process.platform, Arch: goArch(), KernelVersion: release() };
    const version = { Platform: { Name: PROGRAM }, Client: part, Server: part };
    const { one } = inspectFormat(flags.format);
    if (flags.format === "json") print(`${JSON.stringify(version)}\n`);
    else if (one) print(one(version));
    else
      print(
        `Version:        ${VERSION}\nOS/Arch:        ${part.Os}/${part.Arch}\nKernel Version: ${part.KernelVersion}\n`,
      );
    return 0;
  },
});

function goArch(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
