import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import type { Flags, FlagValues } from "./flags.ts";

/** Flags that stand before the verb. */
export interface GlobalOptions {
  readonly root?: string;
  readonly runRoot?: string;
  readonly debug: boolean;
}

/** One call of a verb. */
export interface Invocation<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly given: ReadonlySet<string>;
  readonly operands: readonly string[];
  readonly globals: GlobalOptions;
}

/** How often a positional argument may be given: exactly `min`, or from `min` to `max`. */
export interface OperandCount {
  readonly min: number;
  readonly max: number;
}

export interface VerbDefinition<F extends Flags> {
  /** Every name, the full one first: `container ls`, `ps`. */
  readonly names: readonly string[];
  readonly summary: string;
  /** What follows the name in the usage line: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  readonly operands: OperandCount;
  readonly flags: F;
  /** Whether flags end at the first operand. */
  readonly stopAtOperand?: boolean;
  /** The exit code of a failure that has none of its own; 125 for `run` and `create`. */
  readonly failureCode?: number;
  /** Paragraphs below the options in `--help`. */
  readonly notes?: string;
  /** @returns the exit code; 0 when nothing is returned. */
  run(invocation: Invocation<F>): Promise<number | undefined> | number | undefined;
}

export type Verb = VerbDefinition<Flags> & { readonly command: CommandDef };

/**
 * Declares a verb: a citty command plus what docker's command line needs beyond it.
 *
 * citty's own parser keeps only the last of repeated options, turns unknown ones into `true` and drops `--`, and its `runCommand`
 * costs a millisecond at start; so `argv.ts` parses, and the command's `run` receives the result as citty's `data`.
 */
export function defineVerb<const F extends Flags>(definition: VerbDefinition<F>): Verb {
  const command = defineCommand({
    meta: { name: definition.names[0]!, description: definition.summary },
    args: definition.flags as unknown as ArgsDef,
    run: ({ data }) => definition.run(data as Invocation<F>),
  });
  return { ...(definition as unknown as VerbDefinition<Flags>), command };
}

/** Says in docker's words why `given` operands are too few or too many; `undefined` when they fit. */
export function operandError({ min, max }: OperandCount, given: number): string | undefined {
  if (given >= min && given <= max) return undefined;
  const count = (number: number) => `${number} argument${number === 1 ? "" : "s"}`;
  if (max === 0) return "accepts no arguments";
  if (min === max) return `requires ${count(min)}`;
  if (max === Number.POSITIVE_INFINITY) return `requires at least ${count(min)}`;
  return given > max ? `requires at most ${count(max)}` : `requires at least ${count(min)}`;
}

/** One or more operands. */
export const ONE_OR_MORE: OperandCount = { min: 1, max: Number.POSITIVE_INFINITY };
