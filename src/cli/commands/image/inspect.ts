import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { later } from "../../flags.ts";
import { inspectFormatFlag, inspectTargets } from "../../inspect-targets.ts";

export default defineVerb({
  names: ["image inspect"],
  summary: "Display detailed information on one or more images",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  operands: ONE_OR_MORE,
  flags: { format: inspectFormatFlag, platform: later("string") },
  async run({ flags, operands, globals }) {
    using engine = await openEngine(globals);
    await inspectTargets(operands, flags.format, (reference) => engine.images.inspect(reference));
    return 0;
  },
});
