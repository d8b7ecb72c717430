import { writeFileSync } from "node:fs";
import { EngineError } from "../errors.ts";

/**
 * Writes `--cidfile`: the container's ID and nothing else, into a file that was not there.
 *
 * @throws {EngineError} when it cannot be written.
 */
export function writeCidFile(path: string, id: string): void {
  try {
    writeFileSync(path, id, { flag: "wx", mode: 0o644 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new EngineError(`Cannot write the container ID file "${path}": ${code}`, { cause });
  }
}
