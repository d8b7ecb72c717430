import { explainEnvironmentError } from "../engine/environment-error.ts";
import { EngineError } from "../errors.ts";
import { printError } from "./output.ts";
import { PROGRAM } from "./program.ts";

/** Prints a warning on standard error, as docker does for what was accepted but may surprise. */
export function warn(message: string): void {
  printError(`WARNING: ${message}\n`);
}

/**
 * Prints what went wrong on standard error: one line for each error, its hint below.
 *
 * @param prefix what stands before the colon: `Error`, or the program's name
 */
export function reportError(error: unknown, prefix = "Error"): void {
  for (const one of flatten(error)) {
    printError(`${prefix}: ${messageOf(one)}\n`);
    if (one instanceof EngineError && one.hint !== undefined) printError(`  hint: ${one.hint}\n`);
  }
}

/**
 * Prints an error's whole story, stacks and causes, through consola: only `--debug` and crashes pay for loading it.
 *
 * consola's own reporters use process.stderr, which leaves the caller's pipe in another mode; this one writes by hand.
 */
export async function reportDetails(error: unknown): Promise<void> {
  const { createConsola } = await import("consola/core");
  const reporter = {
    log({ tag, args }: { tag: string; args: unknown[] }) {
      for (const arg of args) printError(`[${tag}] ${storyOf(arg)}\n`);
    },
  };
  const logger = createConsola({ level: 5, reporters: [reporter] }).withTag(PROGRAM);
  for (const one of flatten(error)) logger.error(one);
}

/** Stacks of an error and its causes. Not Bun.inspect: it would print a page of the executable's own source. */
function storyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const story = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? story : `${story}\ncaused by ${storyOf(error.cause)}`;
}

/**
 * The errors inside aggregates and inside the pairs that a failing clean-up makes, the first cause first; those that
 * the machine's state made, such as a full disk, in words.
 */
export function flatten(error: unknown): unknown[] {
  if (error instanceof AggregateError) return error.errors.flatMap(flatten);
  if (error instanceof SuppressedError) return [...flatten(error.suppressed), ...flatten(error.error)];
  return [explainEnvironmentError(error)];
}

function messageOf(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  if (error instanceof Error) return `${error.name === "Error" ? "" : `${error.name}: `}${error.message}`;
  return String(error);
}
