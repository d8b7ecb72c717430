import { readFileSync } from "node:fs";
import { UsageError } from "../../errors.ts";

/** Checks one `-e`: `NAME=value`, or `NAME` for the caller's own value (left as it is when the caller has none). */
export function parseEnv(given: string): string {
  if (given === "" || given.startsWith("=")) throw new UsageError(`invalid environment variable: ${given}`);
  const own = given.includes("=") ? undefined : process.env[given];
  return own === undefined ? given : `${given}=${own}`;
}

/** Reads one `-l`: `name=value` or `name`. */
export function parseLabel(given: string): readonly [name: string, value: string] {
  const [name, value] = splitAtEquals(given);
  if (name === "") throw new UsageError(`invalid label '${given}': empty name`);
  return [name, value];
}

/** Splits `name=value` at the first `=`; without one the value is empty. */
export function splitAtEquals(given: string): readonly [name: string, value: string] {
  const equals = given.indexOf("=");
  return equals < 0 ? [given, ""] : [given.slice(0, equals), given.slice(equals + 1)];
}

/** Reads an `--env-file`: a line per variable, `NAME` alone takes the caller's value and is left out when there is none. */
export function readEnvFile(path: string): string[] {
  return readLines("env", path).flatMap((line) => {
    if (line.includes("=")) return [line];
    const own = process.env[line];
    return own === undefined ? [] : [`${line}=${own}`];
  });
}

/** Reads a `--label-file`: a line per label. */
export function readLabelFile(path: string): string[] {
  return readLines("label", path);
}

function readLines(kind: "env" | "label", path: string): string[] {
  const bytes = readGivenFile(path);
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`invalid ${kind} file (${path}): not UTF-8`, { cause });
  }
  const lines: string[] = [];
  for (const raw of content.split("\n")) {
    const line = raw.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const [name] = splitAtEquals(line);
    if (name === "")
      throw new UsageError(`invalid ${kind} file (${path}): no variable name on line '${line}'`);
    if (/\s/.test(name))
      throw new UsageError(`invalid ${kind} file (${path}): variable '${name}' contains whitespaces`);
    lines.push(line);
  }
  return lines;
}

/** Reads a file that the command line names. @throws {UsageError} in docker's words when it cannot be read. */
export function readGivenFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const states: Record<string, string> = {
      ENOENT: "no such file or directory",
      EACCES: "permission denied",
      EISDIR: "is a directory",
    };
    throw new UsageError(`open ${path}: ${states[code ?? ""] ?? code}`, { cause });
  }
}
