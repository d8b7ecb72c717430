import { EngineError } from "../../../errors.ts";
import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, text } from "../../flags.ts";
import { printLine } from "../../output.ts";
import { openProgress } from "../../progress.ts";

export default defineVerb({
  names: ["image load", "load"],
  summary: "Load an image from a tar archive or STDIN",
  usage: "[OPTIONS]",
  operands: { min: 0, max: 0 },
  flags: {
    input: text("Read from tar archive file or OCI layout folder, instead of STDIN", "i"),
    platform: text(
      `Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")`,
    ),
    quiet: bool("Suppress the load output", "q"),
  },
  async run({ flags, globals }) {
    if (flags.input === undefined) await refuseTerminal();
    using engine = await openEngine(globals);
    using progress = openProgress({ quiet: flags.quiet, toStderr: true });
    const loaded = await engine.images.load(flags.input, {
      progress,
      ...(flags.platform === undefined ? {} : { platform: flags.platform }),
    });
    progress.finish();
    for (const name of loaded) printLine(`Loaded image${name.startsWith("sha256:") ? " ID" : ""}: ${name}`);
    return 0;
  },
});

async function refuseTerminal(): Promise<void> {
  const { isatty } = await import("node:tty");
  if (isatty(0)) {
    throw new EngineError("requested load from stdin, but stdin is empty", { hint: "Name a file with -i" });
  }
}
