import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { printLine } from "../../output.ts";
import { stopFlags, stopOptions } from "../../stop-flags.ts";
import { forEachTarget } from "../../targets.ts";

export default defineVerb({
  names: ["container restart", "restart"],
  summary: "Restart one or more containers",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: stopFlags,
  async run({ flags, operands, globals }) {
    const options = stopOptions(flags);
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      await engine.containers.restart(reference, options);
      printLine(reference);
    });
    return 0;
  },
});
