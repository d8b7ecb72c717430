import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { ConflictError, UnsupportedError } from "../../errors.ts";
import type { ControlWrite } from "./limits.ts";

/** The errno name of a failed node:fs call. */
export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}

/**
 * Writes a control file with one write(2), as the kernel wants it.
 *
 * @throws the system's error: ENOENT without the file, EINVAL for a value the kernel does not take, EBUSY, …
 */
export function writeControl(path: string, value: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** Like {@link writeControl} for several values, each a write(2) of its own on the same descriptor. */
export function writeControlLines(path: string, values: readonly string[]): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    for (const value of values) writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** The text of a control file; `undefined` when the kernel, or the cgroup, has no such file. */
export function readControl(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // ENODEV: the cgroup was removed after the file was opened.
    if (["ENOENT", "ENODEV", "ENOTSUP", "EOPNOTSUPP"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** A file that holds one number, or "max"; `undefined` for "max" and for a missing file. */
export function readNumber(path: string): number | undefined {
  const text = readControl(path)?.trim();
  return text === undefined || text === "" || text === "max" ? undefined : Number(text);
}

/** A file of lines `name number`. A name that is not there has no entry. */
export function readCounters(path: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of readControl(path)?.split("\n") ?? []) {
    const space = line.indexOf(" ");
    if (space > 0) counters.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return counters;
}

/**
 * Puts a limit into a cgroup's directory.
 *
 * @returns a warning, when the kernel lacks the file and the limit may be left out
 * @throws {UnsupportedError} when the kernel lacks the file: names the controller and the remedy
 * @throws {ConflictError} when the kernel does not take the value
 */
export function applyLimit(directory: string, write: ControlWrite): string | undefined {
  for (const { file, value } of write.choices) {
    try {
      writeControl(`${directory}/${file}`, value);
      return undefined;
    } catch (cause) {
      const code = errorCode(cause);
      if (code === "ENOENT" || code === "EOPNOTSUPP") continue;
      throw refused(write, value, cause);
    }
  }
  if (write.warning) return write.warning;
  const files = write.choices.map(({ file }) => file).join(" or ");
  throw new UnsupportedError(
    `Cannot apply ${write.option}: this kernel's ${write.controller} controller has no ${files}`,
    { hint: write.remedy },
  );
}

function refused(write: ControlWrite, value: string, cause: unknown): ConflictError {
  const reasons: Record<string, string> = {
    EBUSY: "more is in use than it allows",
    ENODEV: "the kernel cannot throttle that device: it must be a whole disk",
    ENOSPC: "no CPU or memory node would be left",
    EACCES: "the parent cgroup does not have that CPU or memory node",
    ERANGE: "the value is out of the kernel's range",
  };
  const code = errorCode(cause) ?? "unknown error";
  return new ConflictError(
    `Cannot set ${write.option} to "${value}": ${reasons[code] ?? `the kernel refused it with ${code}`}`,
    { cause },
  );
}
