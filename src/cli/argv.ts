import { UnsupportedError, UsageError } from "../errors.ts";
import { nearestWord } from "../lib/nearest-word.ts";
import type { Flag, Flags, FlagValues } from "./flags.ts";

/** A flag is unknown, lacks its value or has a value that does not parse. The verb's usage line is shown with it. */
export class FlagError extends UsageError {}

/** A flag, or a value of one, that docker has and this version does not. */
export class UnsupportedFlagError extends UnsupportedError {
  override readonly exitCode = 125;
}

export interface ParsedArguments<F extends Flags> {
  readonly flags: FlagValues<F>;
  /** The long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly operands: readonly string[];
  /** Whether `--help` was among the flags; then nothing else holds. */
  readonly help: boolean;
}

/**
 * Parses a verb's arguments as docker's own parser (pflag) does: `--name=value`, `--name value`, `-it`, `-eK=V`,
 * `-e=K=V`, `--`.
 *
 * @param stopAtOperand `run`, `create` and `exec` leave everything from the image or container on to the container's
 *   command.
 * @throws {FlagError} in docker's words, with the nearest flag as hint.
 */
export function parseArguments<F extends Flags>(
  definitions: F,
  argv: readonly string[],
  stopAtOperand = false,
): ParsedArguments<F> {
  const reader = new FlagReader(definitions);
  const operands: string[] = [];
  for (let at = 0; at < argv.length;) {
    const word = argv[at++]!;
    if (word === "--") {
      operands.push(...argv.slice(at));
      break;
    }
    if (word.length > 1 && word.startsWith("-")) {
      at = word.startsWith("--") ? reader.long(word, argv, at) : reader.short(word, argv, at);
      if (reader.help) break;
    } else if (stopAtOperand) {
      operands.push(...argv.slice(at - 1));
      break;
    } else operands.push(word);
  }
  return { flags: reader.values as FlagValues<F>, given: reader.given, operands, help: reader.help };
}

class FlagReader {
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  help = false;
  readonly #definitions: Flags;

  constructor(definitions: Flags) {
    this.#definitions = definitions;
    for (const name in definitions) this.values[name] = definitions[name]!.initial;
  }

  /** Reads `--name…`. @returns the index of the next word. */
  long(word: string, argv: readonly string[], next: number): number {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (name === "" || name.startsWith("-")) throw new FlagError(`bad flag syntax: ${word}`);
    const key = this.#keyOf(name);
    if (key === undefined) {
      if (name === "help") return this.#askForHelp(next);
      throw new FlagError(`unknown flag: --${name}`, { hint: this.#suggestion(name) });
    }
    const flag = this.#definitions[key]!;
    if (equals >= 0) this.#set(key, flag, `--${name}`, word.slice(equals + 1));
    else if (flag.type === "boolean") this.#set(key, flag, `--${name}`, "true");
    else if (next < argv.length) this.#set(key, flag, `--${name}`, argv[next++]!);
    else throw new FlagError(`flag needs an argument: --${name}`);
    return next;
  }

  /** Reads `-abc…`: flags without a value, then perhaps one with its value. @returns the index of the next word. */
  short(word: string, argv: readonly string[], next: number): number {
    let rest = word.slice(1);
    while (rest !== "") {
      const letter = rest[0]!;
      const key = this.#keyOfLetter(letter);
      if (key === undefined) {
        if (letter === "h") return this.#askForHelp(next);
        throw new FlagError(`unknown shorthand flag: '${letter}' in -${rest}`);
      }
      const flag = this.#definitions[key]!;
      const label = `-${letter}, --${key}`;
      if (rest.length > 2 && rest[1] === "=") this.#set(key, flag, label, rest.slice(2));
      else if (flag.type === "boolean") {
        this.#set(key, flag, label, "true");
        rest = rest.slice(1);
        continue;
      } else if (rest.length > 1) this.#set(key, flag, label, rest.slice(1));
      else if (next < argv.length) this.#set(key, flag, label, argv[next++]!);
      else throw new FlagError(`flag needs an argument: '${letter}' in -${rest}`);
      return next;
    }
    return next;
  }

  #askForHelp(next: number): number {
    this.help = true;
    return next;
  }

  #set(key: string, flag: Flag, label: string, given: string): void {
    const value = parseValue(
      flag,
      label.replace(/^(--.*)$/, flag.alias ? `-${flag.alias}, $1` : "$1"),
      key,
      given,
    );
    this.given.add(key);
    if (!flag.repeats) this.values[key] = value;
    else if (this.values[key] === flag.initial) this.values[key] = [value];
    else (this.values[key] as unknown[]).push(value);
  }

  #keyOf(name: string): string | undefined {
    if (Object.hasOwn(this.#definitions, name)) return name;
    for (const key in this.#definitions) if (this.#definitions[key]!.otherNames?.includes(name)) return key;
    return undefined;
  }

  #keyOfLetter(letter: string): string | undefined {
    for (const key in this.#definitions) if (this.#definitions[key]!.alias === letter) return key;
    return undefined;
  }

  #suggestion(name: string): string | undefined {
    const near = nearestWord(name, Object.keys(this.#definitions));
    return near && `Did you mean --${near}?`;
  }
}

function parseValue(flag: Flag, label: string, key: string, given: string): unknown {
  try {
    return flag.parse(given, `--${key}`);
  } catch (cause) {
    if (!(cause instanceof UsageError)) {
      if (cause instanceof UnsupportedError)
        throw new UnsupportedFlagError(cause.message, { cause, hint: cause.hint });
      throw cause;
    }
    throw new FlagError(`invalid argument ${JSON.stringify(given)} for "${label}" flag: ${cause.message}`, {
      cause,
    });
  }
}
