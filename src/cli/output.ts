import { writeSync } from "node:fs";
import { EngineError } from "../errors.ts";

/** The reader of our output is gone (`| head`); the command ends as if SIGPIPE had killed it. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

const STDOUT = 1;
const STDERR = 2;

/**
 * Writes to standard output, all of it, before it returns.
 *
 * Not `process.stdout`: touching it costs more than the whole of a short command.
 *
 * @throws {ClosedPipe} when nobody reads any more.
 * @throws {EngineError} when it cannot be written, as on a full disk.
 */
export function print(text: string | Uint8Array): void {
  writeAll(STDOUT, text);
}

/** Writes one line to standard output. @throws {ClosedPipe} */
export function printLine(text: string): void {
  writeAll(STDOUT, `${text}\n`);
}

/** Writes to standard error, all of it. One that is closed or full is no reason to stop, and there is nobody to tell. */
export function printError(text: string | Uint8Array): void {
  try {
    writeAll(STDERR, text);
  } catch (error) {
    if (!(error instanceof ClosedPipe || error instanceof EngineError)) throw error;
  }
}

function writeAll(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written, bytes.length - written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") throw new ClosedPipe();
      if (code === "EBADF" || code === "EIO") throw new ClosedPipe();
      if (code !== "EAGAIN" && code !== "EINTR") {
        throw new EngineError(`Cannot write the output: ${code}`, { cause: error });
      }
      // Someone else made the pipe non-blocking; its reader needs a moment.
      if (code === "EAGAIN") Bun.sleepSync(1);
    }
  }
}
