/**
 * The log's format, that of Kubernetes' CRI: a line of text for each piece of output,
 *
 *     2016-10-06T00:17:09.669794202Z stdout F The content of the line
 *
 * with the time, the stream, and `F` for a full line (or its last piece) or `P` when the line goes on in the
 * stream's next record. The times of our own shim are all 30 characters long, in UTC, so they compare as
 * text.
 */
export const TIMESTAMP_LENGTH = "2016-10-06T00:17:09.669794202Z".length;

export type LogStream = "stdout" | "stderr";
/** How records name streams in hot loops: indices into pairs. */
export const STDOUT = 0;
export const STDERR = 1;

export const NEWLINE = 0x0a;
const SPACE = 0x20;
const STREAM_LENGTH = "stdout".length;
const LETTER = { d: 0x64, e: 0x65, o: 0x6f, s: 0x73, t: 0x74, F: 0x46, P: 0x50 } as const;

/** A record found in bytes: where its parts lie. One object serves a whole scan. */
export class LogRecord {
  /** {@link STDOUT} or {@link STDERR}. */
  stream = STDOUT;
  partial = false;
  timestampStart = 0;
  timestampEnd = 0;
  textStart = 0;
  textEnd = 0;

  /**
   * Reads the line at `start`, whose newline is at `end`.
   *
   * @returns whether it is a record; the fields are set if so
   */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    let timestampEnd = start + TIMESTAMP_LENGTH;
    if (bytes[timestampEnd] !== SPACE || timestampEnd >= end) {
      timestampEnd = bytes.indexOf(SPACE, start); // Another program's idea of a time.
      if (timestampEnd <= start || timestampEnd >= end) return false;
    }
    const stream = timestampEnd + 1;
    const tag = stream + STREAM_LENGTH + 1;
    const text = tag + 2;
    if (tag + 1 > end || bytes[tag - 1] !== SPACE) return false;
    if (bytes[stream] !== LETTER.s || bytes[stream + 1] !== LETTER.t || bytes[stream + 2] !== LETTER.d)
      return false;
    const which = bytes[stream + 3];
    if (which !== LETTER.o && which !== LETTER.e) return false;
    if (bytes[tag] !== LETTER.F && bytes[tag] !== LETTER.P) return false;
    if (bytes[tag + 1] !== SPACE && tag + 1 !== end) return false;
    this.stream = which === LETTER.o ? STDOUT : STDERR;
    this.partial = bytes[tag] === LETTER.P;
    this.timestampStart = start;
    this.timestampEnd = timestampEnd;
    this.textStart = Math.min(text, end); // An empty line may have lost its space.
    this.textEnd = end;
    return true;
  }
}

export interface LogLine {
  /** {@link TIMESTAMP_LENGTH} characters. */
  readonly timestamp: string;
  readonly stream: LogStream;
  readonly partial: boolean;
  /** Without a newline. */
  readonly text: string;
}

/** A record as the log has it, with its newline. */
export function formatRecord({ timestamp, stream, partial, text }: LogLine): string {
  return `${timestamp} ${stream} ${partial ? "P" : "F"} ${text}\n`;
}

/**
 * Compares the record's time with a moment of {@link TIMESTAMP_LENGTH} bytes: negative when it is earlier.
 */
export function compareTimestamp(bytes: Uint8Array, start: number, moment: Uint8Array): number {
  for (let i = 0; i < TIMESTAMP_LENGTH; i++) {
    const difference = bytes[start + i]! - moment[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
