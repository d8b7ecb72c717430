/** House rules that a text search can hold; each takes one file and returns what is wrong, a line each. */
import type { SourceFile } from "./files.ts";

const FILE_LINES_MAX = 500;
const LINE_LENGTH_MAX = 110;
const COMMENT_LENGTH_MAX = 120;

/** Files that are tables: numbers, names and bytes, one a line. */
const isTable = (path: string) =>
  path.startsWith("ffi/abi/") ||
  path.startsWith("ffi/structs/") ||
  /\.generated\.ts$|\/errno\.ts$/.test(path);

/** At most 500 lines a file, tables exempt. */
export function tooManyLines({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines > FILE_LINES_MAX && !isTable(path)
    ? [`${path}: ${lines} lines, more than ${FILE_LINES_MAX}`]
    : [];
}

/** At most 110 columns a line, 120 in a comment. A string or an address that cannot be broken may be longer. */
export function tooLongLines({ path, text }: SourceFile): string[] {
  if (/\.generated\.ts$/.test(path)) return [];
  return text.split("\n").flatMap((line, index) => {
    const max = /^\s*(\/?\*|\/\/)|\s\/\/ /.test(line) ? COMMENT_LENGTH_MAX : LINE_LENGTH_MAX;
    const unbreakable = /(["'`]).{40,}\1|https?:\/\/|\/.{60,}\/[a-z]*[,;)]?$/.test(line);
    return line.length > max && !unbreakable ? [`${path}:${index + 1}: ${line.length} columns`] : [];
  });
}

/** Names are kebab-case, and no file is a drawer for what found no place. */
export function badFileName({ path }: SourceFile): string[] {
  const names = path.split("/").map((part) => part.replace(/\.(test|fixture|generated|stress|d)?\.?ts$/, ""));
  const bad = names.find((name) => !/^[a-z0-9]+(-[a-z0-9.]+)*$/.test(name));
  if (bad !== undefined) return [`${path}: "${bad}" is not kebab-case`];
  const name = names.at(-1) ?? "";
  return ["utils", "util", "helpers", "misc", "common"].includes(name) ? [`${path}: say what is in it`] : [];
}

const EXPORT = /^export (?:async )?(?:function\*?|class) (\w+)|^export const (\w+)[^=]*= (?:async )?\(/;

/** Every exported function and class says what it does. Later signatures of an overload need no words of their own. */
export function missingDocs({ path, text }: SourceFile): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const match = EXPORT.exec(line);
    if (match === null) return [];
    const name = match[1] ?? match[2] ?? "";
    const before = lines[index - 1] ?? "";
    const documented = before.trimEnd().endsWith("*/") || /^\/\/ biome-ignore/.test(before);
    const overload = lines.slice(0, index).some((earlier) => (EXPORT.exec(earlier)?.[1] ?? "") === name);
    return documented || overload ? [] : [`${path}:${index + 1}: ${name} has no docstring`];
  });
}

/** `process.stdout` leaves O_NONBLOCK on the caller's pipe, and only cli and main talk to the terminal. */
export function terminalUse({ path, text }: SourceFile): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) =>
    comment.replaceAll(/[^\n]/g, " "),
  );
  const outside = !path.startsWith("src/cli/") && path !== "src/main.ts" && path.startsWith("src/");
  const rules: [RegExp, string][] = [[/process\.(stdout|stdin)\b/, "use fs.writeSync and fs.readSync"]];
  const ownProcess = /\bprocess: [\w{]/.test(code); // A parameter of that name: a container's process.
  if (outside && !ownProcess) rules.push([/process\.argv\b/, "only cli and main read it"]);
  if (outside) rules.push([/\bconsole\.\w/, "only cli and main print"]);
  return code
    .split("\n")
    .flatMap((line, index) =>
      rules.flatMap(([rule, why]) =>
        rule.test(line) ? [`${path}:${index + 1}: ${rule.exec(line)?.[0]}: ${why}`] : [],
      ),
    );
}

const UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"];

/** A plan belongs in an issue, not in a comment. */
export function unfinishedWords({ path, text }: SourceFile): string[] {
  const pattern = new RegExp(`\\b(${UNFINISHED.join("|")})\\b`);
  return text
    .split("\n")
    .flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${index + 1}: ${pattern.exec(line)?.[0]}`] : [],
    );
}

/** Files that only hand on other files' exports hide where things are; api/index.ts is the one that may. */
export function barrel({ path, text }: SourceFile): string[] {
  return path !== "src/api/index.ts" && /^export \* from /m.test(text) ? [`${path}: export * from`] : [];
}

/** Skips go through testUnless (test/support/machine.ts), which says why and can be forbidden. */
export function silentSkips({ path, text }: SourceFile): string[] {
  if (path === "test/support/machine.ts" || !path.startsWith("test/")) return [];
  return text.split("\n").flatMap((line, index) => {
    const match = /\b(?:test|it|describe)\.(skip|skipIf|todo|todoIf|only|if)\(/.exec(line);
    return match === null ? [] : [`${path}:${index + 1}: ${match[0]}: use testUnless, which gives a reason`];
  });
}
