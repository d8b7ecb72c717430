import { EngineError } from "../errors.ts";
import { text } from "./flags.ts";
import { inspectFormat } from "./format/inspect.ts";
import { print } from "./output.ts";

/** `--format` of every verb that inspects. */
export const inspectFormatFlag = text(
  "Format output using a custom template:\n'json':             Print in JSON format\n" +
    "'TEMPLATE':         Print output using the given Go template.",
  "f",
);

/**
 * Looks at each target and prints what was found, as docker does: objects first, then the errors of
 * those that are missing.
 *
 * @throws {EngineError} the only error, or {AggregateError} of several.
 */
export async function inspectTargets(
  targets: readonly string[],
  format: string | undefined,
  look: (target: string) => Promise<unknown>,
): Promise<void> {
  const { one, all } = inspectFormat(format);
  const found: unknown[] = [];
  const errors: unknown[] = [];
  for (const target of targets) {
    try {
      const object = await look(target);
      found.push(object);
      if (one) print(one(object));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      errors.push(error);
    }
  }
  print(all(found));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors);
}
