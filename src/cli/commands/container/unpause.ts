import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { printLine } from "../../output.ts";
import { forEachTarget } from "../../targets.ts";

export default defineVerb({
  names: ["container unpause", "unpause"],
  summary: "Unpause all processes within one or more containers",
  usage: "CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: {},
  async run({ operands, globals }) {
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      await engine.containers.unpause(reference);
      printLine(reference);
    });
    return 0;
  },
});
