import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { printLine } from "../../output.ts";
import { forEachTarget } from "../../targets.ts";

export default defineVerb({
  names: ["container wait", "wait"],
  summary: "Block until one or more containers stop, then print their exit codes",
  usage: "CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: {},
  async run({ operands, globals }) {
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      printLine(String(await engine.containers.wait(reference)));
    });
    return 0;
  },
});
