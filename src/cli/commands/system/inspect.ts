import { NotFoundError, UsageError } from "../../../errors.ts";
import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import type { Engine } from "../../../engine/types.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, text } from "../../flags.ts";
import { inspectFormatFlag, inspectTargets } from "../../inspect-targets.ts";

const TYPES = ["container", "image"];

export default defineVerb({
  names: ["inspect"],
  summary: "Return low-level information on mini-docker objects",
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  operands: ONE_OR_MORE,
  flags: {
    format: inspectFormatFlag,
    size: bool("Display total file sizes if the type is container", "s"),
    type: text("Only inspect objects of the given type"),
  },
  async run({ flags, operands, globals }) {
    const { type, size } = flags;
    if (type !== undefined && !TYPES.includes(type)) {
      const choice = TYPES.map((each) => JSON.stringify(each)).join(", ");
      throw new UsageError(`unknown type: ${JSON.stringify(type)}: must be one of ${choice}`);
    }
    using engine = await openEngine(globals);
    await inspectTargets(operands, flags.format, (reference) => look(engine, reference, { type, size }));
    return 0;
  },
});

/** A container of that name, or else an image. */
async function look(
  engine: Engine,
  reference: string,
  { type, size }: { type: string | undefined; size: boolean },
): Promise<unknown> {
  if (type === "image") return await engine.images.inspect(reference);
  try {
    return await engine.containers.inspect(reference, { size });
  } catch (error) {
    if (!(error instanceof NotFoundError) || type === "container") throw error;
  }
  try {
    return await engine.images.inspect(reference);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(`No such object: ${reference}`, { cause: error });
  }
}
