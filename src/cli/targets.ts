import { EngineError } from "../errors.ts";

/**
 * Does the same to each target, as docker does: one that fails does not keep the others from their turn.
 *
 * @throws {EngineError} the only error, or {AggregateError} of several, once all have been tried.
 */
export async function forEachTarget(
  targets: readonly string[],
  act: (target: string) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const target of targets) {
    try {
      await act(target);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors);
}
