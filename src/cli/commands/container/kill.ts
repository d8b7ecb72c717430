import { parseSignal } from "../../../container/signals.ts";
import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { text } from "../../flags.ts";
import { printLine } from "../../output.ts";
import { forEachTarget } from "../../targets.ts";

export default defineVerb({
  names: ["container kill", "kill"],
  summary: "Kill one or more running containers",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: { signal: text("Signal to send to the container", "s", { defaultText: `"KILL"` }) },
  async run({ flags, operands, globals }) {
    const signal = parseSignal(flags.signal ?? "KILL");
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      await engine.containers.kill(reference, signal);
      printLine(reference);
    });
    return 0;
  },
});
