import { UnsupportedError, UsageError } from "../errors.ts";

/**
 * One flag of a verb: a citty argument that also knows how its text becomes a typed value, and whether it may be
 * repeated.
 *
 * `valueHint` is docker's word for the type in `--help`; `T` is what a command receives.
 */
export interface Flag<T = unknown> {
  readonly type: "boolean" | "string";
  readonly description: string;
  readonly valueHint: string;
  /** The one-letter name. */
  readonly alias: string | undefined;
  /** Other long names, which help does not list. */
  readonly otherNames: readonly string[] | undefined;
  /** What help shows as `(default …)`. */
  readonly defaultText: string | undefined;
  readonly hidden: boolean;
  /** Whether every occurrence counts; otherwise the last one wins. */
  readonly repeats: boolean;
  readonly initial: T;
  /** Turns one occurrence's text into its value. @throws {UsageError} in docker's words. */
  readonly parse: (text: string, name: string) => unknown;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What a command receives for its flags: every one has a value, given or initial. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export interface FlagOptions {
  readonly otherNames?: readonly string[];
  readonly defaultText?: string;
  /** Of a {@link list}: docker's word for the type, when it is not "list". */
  readonly hint?: string;
  /** Of a {@link bool}: its value when it is not given. */
  readonly initial?: boolean;
}

const NO_OPTIONS: FlagOptions = {};
const NO_VALUES: readonly never[] = [];
const same = (given: string): string => given;

// The builders write their objects out, without spreads: the hundred flags of `run` are made at every start.

/** A flag without a value: `--rm`, also `--rm=false`. */
export function bool(description: string, alias?: string, options = NO_OPTIONS): Flag<boolean> {
  const { initial = false, otherNames } = options;
  return {
    type: "boolean",
    description,
    valueHint: "",
    alias,
    otherNames,
    defaultText: initial ? "true" : undefined,
    hidden: false,
    repeats: false,
    initial,
    parse: parseBool,
  };
}

/** A flag with one value; `undefined` when it is not given. */
export function value<T>(
  hint: string,
  parse: (text: string) => T,
  description: string,
  alias?: string,
  options = NO_OPTIONS,
): Flag<T | undefined> {
  const { otherNames, defaultText } = options;
  return {
    type: "string",
    description,
    valueHint: hint,
    alias,
    otherNames,
    defaultText,
    hidden: false,
    repeats: false,
    initial: undefined,
    parse,
  };
}

/** A flag with a text value. */
export function text(description: string, alias?: string, options = NO_OPTIONS): Flag<string | undefined> {
  return value("string", same, description, alias, options);
}

/** A flag that may be given many times; the values come in order. */
export function list<T = string>(
  description: string,
  alias?: string,
  parse?: (text: string) => T,
  options = NO_OPTIONS,
): Flag<readonly T[]> {
  const { hint = "list", otherNames, defaultText } = options;
  return {
    type: "string",
    description,
    valueHint: hint,
    alias,
    otherNames,
    defaultText,
    hidden: false,
    repeats: true,
    initial: NO_VALUES,
    parse: parse ?? same,
  };
}

/**
 * A flag of docker's that this version does not implement. It is refused by name, so that nobody believes it took
 * effect.
 *
 * @param harmless values that ask for what happens anyway
 */
export function later(
  hint: string,
  alias?: string,
  harmless: readonly string[] = NO_VALUES,
): Flag<undefined> {
  return {
    type: hint === "" ? "boolean" : "string",
    description: "",
    valueHint: hint,
    alias,
    otherNames: undefined,
    defaultText: undefined,
    hidden: true,
    repeats: false,
    initial: undefined,
    parse: (given, name): undefined => {
      if (!harmless.includes(given)) throw new UnsupportedError(`${name} is not supported yet`);
    },
  };
}

/** Go's strconv.ParseBool. */
export function parseBool(given: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(given)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(given)) return false;
  throw new UsageError(`strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`);
}

/** A whole number, in Go's spellings (decimal, 0x, 0o, 0b, `_` between digits). */
export function parseInteger(given: string): number {
  return integer(given, "ParseInt", /^[+-]?(\d+|0x[\da-f]+|0o?[0-7]+|0b[01]+)$/i);
}

/** A whole number of at most 16 bits. */
export function parseUint16(given: string): number {
  const parsed = integer(given, "ParseUint", /^\d+$/);
  if (parsed > 0xffff)
    throw new UsageError(`strconv.ParseUint: parsing ${JSON.stringify(given)}: value out of range`);
  return parsed;
}

function integer(given: string, goName: string, pattern: RegExp): number {
  const plain = given.replace(/(?<=\d)_(?=\d)/g, "");
  if (!pattern.test(plain))
    throw new UsageError(`strconv.${goName}: parsing ${JSON.stringify(given)}: invalid syntax`);
  const magnitude = Number(plain.replace(/^[+-]/, "").replace(/^0(?=\d+$)/, "0o"));
  if (!Number.isSafeInteger(magnitude)) {
    throw new UsageError(`strconv.${goName}: parsing ${JSON.stringify(given)}: value out of range`);
  }
  return plain.startsWith("-") ? -magnitude : magnitude;
}
