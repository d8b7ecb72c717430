import { EngineError, NotFoundError } from "../errors.ts";
import { reportError } from "./log.ts";

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

/** What `--force` asks of a target that is not there: to say so, and to call it done. */
export async function forgivingAbsence(isForced: boolean, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isForced || !(error instanceof NotFoundError)) throw error;
    reportError(error);
  }
}
