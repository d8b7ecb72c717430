import type { Output } from "../../kernel/output.ts";
import { compareTimestamp, LogRecord, NEWLINE, TIMESTAMP_LENGTH } from "./cri.ts";

export interface PrintOptions {
  /** Where each stream goes; `null` leaves it out. */
  readonly stdout: Output | null;
  readonly stderr: Output | null;
  /** Begin each line with its time. */
  readonly timestamps: boolean;
  /** Moments in the log's form, both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/**
 * `more`: go on; `closed`: nobody reads the output any more; `passed`: all that follows is later than
 * `until`.
 */
export type PrintState = "more" | "closed" | "passed";

/**
 * Turns records into the output they came from.
 *
 * Works on bytes, in place: what is printed of a record is never longer than the record, so the output grows
 * behind the input in the same buffer and goes out in one write, until the stream changes. No line becomes a
 * string.
 */
export class LogPrinter {
  readonly #outputs: readonly [Output | null, Output | null];
  readonly #timestamps: boolean;
  readonly #since: Uint8Array | undefined;
  readonly #until: Uint8Array | undefined;
  readonly #record = new LogRecord();
  /** Whether the stream's last record was a piece of a line that goes on. */
  readonly #midLine = [false, false];
  /** Records of each stream that begin before this offset are not wanted. */
  #skipBefore: readonly [number, number] = [0, 0];

  constructor({ stdout, stderr, timestamps, since, until }: PrintOptions) {
    this.#outputs = [stdout, stderr];
    this.#timestamps = timestamps;
    this.#since = since === undefined ? undefined : new TextEncoder().encode(since);
    this.#until = until === undefined ? undefined : new TextEncoder().encode(until);
  }

  /** Sets for the file that comes next from which offset on each stream's records are wanted. */
  skipBefore(stdout: number, stderr: number): void {
    this.#skipBefore = [stdout, stderr];
  }

  /**
   * Prints the complete lines in `bytes` up to `end`, which it overwrites.
   *
   * @param bytes has room for one byte after `end`
   * @param position the offset in the file of the first byte
   * @returns how many bytes are done with: up to the last newline
   */
  print(
    bytes: Uint8Array,
    end: number,
    position: number,
  ): { readonly state: PrintState; readonly used: number } {
    const record = this.#record;
    bytes[end] = NEWLINE; // So that every search ends here.
    let at = 0;
    let stream = -1;
    let length = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline >= end) break;
      const start = at;
      at = newline + 1;
      if (!record.parse(bytes, start, newline)) continue; // Cut off by a crash.
      if (position + start < this.#skipBefore[record.stream]!) continue;
      if (this.#since !== undefined && this.#compare(bytes, this.#since) < 0) continue;
      if (this.#until !== undefined && this.#compare(bytes, this.#until) > 0) {
        return { state: this.#write(stream, bytes, length) ? "passed" : "closed", used: at };
      }
      if (this.#outputs[record.stream] === null) continue;
      if (record.stream !== stream) {
        if (!this.#write(stream, bytes, length)) return { state: "closed", used: at };
        stream = record.stream;
        length = 0;
      }
      length = this.#append(bytes, length);
    }
    return { state: this.#write(stream, bytes, length) ? "more" : "closed", used: at };
  }

  /** Moves the record at hand to `length`, the end of the output so far. @returns the new end */
  #append(bytes: Uint8Array, length: number): number {
    const { stream, partial, timestampStart, timestampEnd, textStart, textEnd } = this.#record;
    let end = length;
    if (this.#timestamps && !this.#midLine[stream]) {
      bytes.copyWithin(end, timestampStart, timestampEnd + 1);
      end += timestampEnd + 1 - timestampStart;
    }
    this.#midLine[stream] = partial;
    const textLength = (partial ? textEnd : textEnd + 1) - textStart;
    bytes.copyWithin(end, textStart, textStart + textLength);
    return end + textLength;
  }

  #compare(bytes: Uint8Array, moment: Uint8Array): number {
    const { timestampStart, timestampEnd } = this.#record;
    if (timestampEnd - timestampStart === TIMESTAMP_LENGTH)
      return compareTimestamp(bytes, timestampStart, moment);
    return 0; // Not a time of ours: neither too early nor too late.
  }

  #write(stream: number, bytes: Uint8Array, length: number): boolean {
    if (length === 0) return true;
    return this.#outputs[stream]?.writeAll(bytes, 0, length) ?? true;
  }
}
