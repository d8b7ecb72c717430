import { readAt } from "../../kernel/input.ts";
import { LogRecord, NEWLINE } from "./cri.ts";

const BLOCK_BYTES = 64 * 1024;
/** A line of the log longer than this is no record of ours. */
const BLOCK_BYTES_MAX = 1024 * 1024;

/** How far before the last of the lines the first piece of a line of the other stream is looked for. */
const LOOK_BACK_BYTES_MAX = 256 * 1024;

/** A place in the log: which file, oldest first, and the offset in it. */
export interface LogPlace {
  readonly file: number;
  readonly offset: number;
}

/** Where each stream's wanted records begin: stdout, stderr. */
export type TailStarts = readonly [LogPlace, LogPlace];

type Visit = (offset: number, record: LogRecord) => boolean;

/**
 * Finds the last `lines` lines of the log, reading from its end, whole blocks at a time.
 *
 * A line may be cut into several records, and those of the two streams may be mixed: so the answer has a
 * place for each stream. An unfinished line at the end counts as one.
 *
 * @param files oldest first
 */
export function findTail(
  files: readonly { readonly fd: number; readonly sizeBytes: number }[],
  lines: number,
): TailStarts {
  const search = new TailSearch(lines);
  let end: LogPlace = { file: 0, offset: 0 };
  for (let file = files.length - 1; file >= 0; file--) {
    const { fd, sizeBytes } = files[file]!;
    const lastEnd = scanBackwards(fd, sizeBytes, (offset, record) => search.visit(file, offset, record));
    if (file === files.length - 1) end = { file, offset: lastEnd };
    if (search.isDone) break;
  }
  const [stdout, stderr] = search.starts;
  return [stdout ?? end, stderr ?? end]; // A stream without wanted lines: only what is written from here on.
}

class TailSearch {
  readonly starts: [LogPlace | undefined, LogPlace | undefined] = [undefined, undefined];
  readonly #closed = [false, false];
  #linesLeft: number;
  #lookBackBytes = 0;
  #isDone: boolean;

  constructor(lines: number) {
    this.#linesLeft = lines;
    this.#isDone = lines === 0;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Takes the next record towards the log's beginning. @returns whether to go on */
  visit(file: number, offset: number, record: LogRecord): boolean {
    if (this.#isDone) return false;
    const { stream, partial } = record;
    const endsLine = !partial || this.starts[stream] === undefined;
    if (!this.#closed[stream]) {
      if (endsLine && this.#linesLeft === 0) this.#closed[stream] = true;
      else {
        if (endsLine) this.#linesLeft--;
        this.starts[stream] = { file, offset };
      }
    }
    if (this.#linesLeft === 0) {
      this.#lookBackBytes += record.textEnd - record.timestampStart;
      const complete = [0, 1].every((stream) => this.#closed[stream] || this.starts[stream] === undefined);
      this.#isDone = complete || this.#lookBackBytes > LOOK_BACK_BYTES_MAX;
    }
    return !this.#isDone;
  }
}

/** Visits a file's records from its end on. @returns the offset after its last complete line */
function scanBackwards(fd: number, sizeBytes: number, visit: Visit): number {
  const record = new LogRecord();
  let bytes = new Uint8Array(BLOCK_BYTES);
  let lastEnd: number | undefined;
  let end = sizeBytes;
  while (end > 0) {
    const start = Math.max(0, end - bytes.length);
    const count = readAt(fd, { bytes, offset: 0, length: end - start }, start);
    let newline = count > 0 ? bytes.lastIndexOf(NEWLINE, count - 1) : -1;
    if (newline >= 0) lastEnd ??= start + newline + 1;
    while (newline >= 0) {
      const previous = newline > 0 ? bytes.lastIndexOf(NEWLINE, newline - 1) : -1;
      if (previous < 0 && start > 0) break; // The line begins in an earlier block.
      if (record.parse(bytes, previous + 1, newline) && !visit(start + previous + 1, record))
        return lastEnd ?? 0;
      newline = previous;
    }
    if (start === 0) break;
    const nextEnd = newline < 0 ? start : start + newline + 1;
    if (newline >= 0 && nextEnd === end) {
      if (bytes.length < BLOCK_BYTES_MAX) bytes = new Uint8Array(bytes.length * 2);
      else end = start;
    } else end = nextEnd;
  }
  return lastEnd ?? 0;
}
