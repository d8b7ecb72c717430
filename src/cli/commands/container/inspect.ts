import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool } from "../../flags.ts";
import { inspectFormatFlag, inspectTargets } from "../../inspect-targets.ts";

export default defineVerb({
  names: ["container inspect"],
  summary: "Display detailed information on one or more containers",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: { format: inspectFormatFlag, size: bool("Display total file sizes", "s") },
  async run({ flags, operands, globals }) {
    using engine = await openEngine(globals);
    await inspectTargets(operands, flags.format, (reference) =>
      engine.containers.inspect(reference, { size: flags.size }),
    );
    return 0;
  },
});
