import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { text } from "../../flags.ts";
import { inspectFormat } from "../../format/inspect.ts";
import { print, printLine } from "../../output.ts";

export default defineVerb({
  names: ["system info", "info"],
  summary: "Display system-wide information",
  usage: "[OPTIONS]",
  operands: { min: 0, max: 0 },
  flags: { format: text("Format output using a Go template, or 'json'", "f") },
  async run({ flags, globals }) {
    const { one } = inspectFormat(flags.format);
    using engine = await openEngine(globals);
    const info = await engine.info();
    if (flags.format === "json") printLine(JSON.stringify(info));
    else if (one) print(one(info));
    else {
      for (const [name, value] of Object.entries(info as object)) {
        printLine(`${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
      }
    }
    return 0;
  },
});
