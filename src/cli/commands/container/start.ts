import { EngineError } from "../../../errors.ts";
import { attachChoice } from "../../attach-flags.ts";
import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, later, text } from "../../flags.ts";
import { printError, printLine } from "../../output.ts";
import { forEachTarget } from "../../targets.ts";

export default defineVerb({
  names: ["container start", "start"],
  summary: "Start one or more stopped containers",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: {
    attach: bool("Attach STDOUT/STDERR and forward signals", "a"),
    checkpoint: later("string"),
    "checkpoint-dir": later("string"),
    "detach-keys": text("Override the key sequence for detaching a container"),
    interactive: bool("Attach container's STDIN", "i"),
  },
  async run({ flags, operands, globals }) {
    const attached = flags.attach || flags.interactive;
    if (attached && operands.length > 1)
      throw new EngineError("you cannot start and attach multiple containers at once");
    const attach = await attachChoice({
      streams: [],
      stdin: flags.interactive,
      tty: false,
      sigProxy: true,
      detachKeys: flags["detach-keys"],
    });
    using engine = await openEngine(globals);
    if (attached) {
      return await engine.containers.startAttached(operands[0]!, attach, (line) => printError(`${line}\n`));
    }
    await forEachTarget(operands, async (reference) => {
      await engine.containers.start(reference);
      printLine(reference);
    });
    return 0;
  },
});
