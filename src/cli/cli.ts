import { EngineError, UsageError } from "../errors.ts";
import { nearestWord } from "../lib/nearest-word.ts";
import { FlagError, parseArguments } from "./argv.ts";
import { type GlobalOptions, type OperandCount, operandError, type Verb } from "./command.ts";
import { commands, findCommand, groups } from "./commands.ts";
import { bool, later, text } from "./flags.ts";
import { flatten, reportDetails, reportError } from "./log.ts";
import { ClosedPipe, print, printError, printLine } from "./output.ts";
import { PROGRAM, VERSION } from "./program.ts";

export const globalFlags = {
  debug: bool("Show what happens, and whole stacks of errors", "D"),
  host: later("list", "H"),
  "log-level": text(`Set the logging level ("debug", "info", "warn", "error", "fatal")`, "l", {
    defaultText: `"info"`,
  }),
  root: text("Where images and containers are kept", undefined, { defaultText: `"/var/lib/mini-docker"` }),
  "run-root": text("Where the state of running containers is kept", undefined, {
    defaultText: `"/run/mini-docker"`,
  }),
  version: bool("Print version information and quit", "v"),
};

/** What a shell sees of a process that SIGPIPE has ended. */
const SIGPIPE_EXIT = 128 + 13;
const FLAG_ERROR_EXIT = 125;

/**
 * Runs one command line.
 *
 * @param argv the words after the program's name
 * @returns the exit code. Every failure has been reported on standard error.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  let globals: GlobalOptions = { debug: false };
  try {
    const parsed = parseArguments(globalFlags, argv, true);
    globals = readGlobals(parsed.flags);
    if (parsed.flags.version) return printVersion();
    return await dispatch(parsed.help ? [...parsed.operands, "--help"] : parsed.operands, globals);
  } catch (error) {
    return await reportFailure(error, globals, `${PROGRAM} [OPTIONS] COMMAND [ARG...]`, PROGRAM);
  }
}

function printVersion(): number {
  printLine(`${PROGRAM} version ${VERSION}`);
  return 0;
}

async function dispatch(words: readonly string[], globals: GlobalOptions): Promise<number> {
  if (words[0] === "help") return await help(words.slice(1));
  const found = findCommand(words);
  if (!found) return await noSuchCommand(words);
  const { default: verb } = await found.entry.load();
  return await runVerb(verb, found.name, found.rest, globals);
}

/** Parses a verb's own words and calls it. */
async function runVerb(
  verb: Verb,
  name: string,
  words: readonly string[],
  globals: GlobalOptions,
): Promise<number> {
  const usage = `${PROGRAM} ${name} ${verb.usage}`;
  try {
    const { flags, given, operands, help } = parseArguments(verb.flags, words, verb.stopAtOperand);
    if (help) return await printVerbHelp(verb, name);
    const wrongCount = operandError(verb.operands, operands.length);
    if (wrongCount) return reportOperandCount(wrongCount, verb.operands, name, usage);
    return (await verb.run({ flags, given, operands, globals })) ?? 0;
  } catch (error) {
    return await reportFailure(error, globals, usage, `${PROGRAM} ${name}`, verb.failureCode);
  }
}

async function printVerbHelp(verb: Verb, name: string): Promise<number> {
  const { verbHelp } = await import("./help.ts");
  print(verbHelp(verb, name));
  return 0;
}

async function help(words: readonly string[]): Promise<number> {
  const { groupHelp, rootHelp } = await import("./help.ts");
  if (words.length === 0) print(rootHelp(globalFlags));
  else if (words.length === 1 && Object.hasOwn(groups, words[0]!)) print(groupHelp(words[0]!));
  else {
    const found = findCommand(words);
    if (!found) {
      printError(`unknown help topic: ${words.join(" ")}\n`);
      return 1;
    }
    return await printVerbHelp((await found.entry.load()).default, found.name);
  }
  return 0;
}

async function noSuchCommand(words: readonly string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined || first === "--help" || first === "-h") return await help([]);
  const group = Object.hasOwn(groups, first) ? first : undefined;
  if (group && (second === undefined || second === "--help" || second === "-h")) return await help([group]);
  if (group && second?.startsWith("-")) {
    const unknown = new FlagError(
      second.startsWith("--")
        ? `unknown flag: ${second}`
        : `unknown shorthand flag: '${second[1]}' in ${second}`,
    );
    return await reportFailure(
      unknown,
      { debug: false },
      `${PROGRAM} ${group} COMMAND`,
      `${PROGRAM} ${group}`,
    );
  }
  const typed = group ? `${group} ${second}` : first;
  const known = commands.flatMap(({ names }) => names).concat(Object.keys(groups), "help");
  const near = nearestWord(typed, known);
  printError(`${PROGRAM}: unknown command: ${PROGRAM} ${typed}\n`);
  if (near) printError(`  hint: Did you mean ${PROGRAM} ${near}?\n`);
  const topic = group ? `${PROGRAM} ${group}` : PROGRAM;
  printError(`\n${group ? `Usage:  ${topic} COMMAND\n\n` : ""}Run '${topic} --help' for more information\n`);
  return 1;
}

function reportOperandCount(message: string, count: OperandCount, name: string, usage: string): number {
  const see = count.max === Number.POSITIVE_INFINITY ? "See" : "Run";
  printError(`${PROGRAM}: '${PROGRAM} ${name}' ${message}\n\nUsage:  ${usage}\n\n`);
  printError(`${see} '${PROGRAM} ${name} --help' for more information\n`);
  return 1;
}

/** Prints an error as docker prints its kind and picks the exit code. */
async function reportFailure(
  error: unknown,
  globals: GlobalOptions,
  usage: string,
  topic: string,
  failureCode?: number,
): Promise<number> {
  if (error instanceof ClosedPipe) return SIGPIPE_EXIT;
  const pointer = `Run '${topic} --help' for more information\n`;
  if (error instanceof FlagError) {
    printError(
      `${error.message}\n${error.hint ? `  hint: ${error.hint}\n` : ""}\nUsage:  ${usage}\n\n${pointer}`,
    );
    return FLAG_ERROR_EXIT;
  }
  reportError(error, failureCode === undefined ? "Error" : PROGRAM);
  if (error instanceof UsageError) printError(`\n${pointer}`);
  const errors = flatten(error);
  const expected = errors.every((one) => one instanceof EngineError);
  if (globals.debug) await reportDetails(error);
  else if (!expected)
    printError(`  hint: This is a fault of ${PROGRAM} itself; --debug before the verb shows where\n`);
  return exitCodeOf(errors[0], failureCode);
}

/**
 * As with docker, a value that makes no sense ends `run` and `create` with 125 and everything else with 1; errors that
 * know their code keep it.
 */
function exitCodeOf(error: unknown, failureCode: number | undefined): number {
  if (!(error instanceof EngineError)) return failureCode ?? 1;
  if (error instanceof UsageError) return failureCode === undefined ? 1 : error.exitCode;
  return error.exitCode === 1 ? (failureCode ?? 1) : error.exitCode;
}

function readGlobals(flags: {
  root: string | undefined;
  "run-root": string | undefined;
  debug: boolean;
  "log-level": string | undefined;
}): GlobalOptions {
  const level = flags["log-level"];
  if (level !== undefined && !["debug", "info", "warn", "error", "fatal"].includes(level)) {
    throw new UsageError(`unable to parse logging level: ${level}`);
  }
  const root = flags.root ?? process.env.MINI_DOCKER_ROOT;
  const runRoot = flags["run-root"] ?? process.env.MINI_DOCKER_RUN_ROOT;
  return {
    debug: flags.debug || level === "debug",
    ...(root ? { root } : {}),
    ...(runRoot ? { runRoot } : {}),
  };
}
