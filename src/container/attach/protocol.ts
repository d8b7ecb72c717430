/**
 * The frames on a container's attach socket, between its shim and each attached client.
 *
 * A frame is a header of 8 bytes, {type u8, three zero bytes, payload length u32}, and the payload. Numbers
 * are little-endian. Streams of frames are cut anywhere by the socket.
 */
import { InvalidDataError } from "../../errors.ts";
import type { TerminalSize } from "../../kernel/tty.ts";

export const FRAME_HEADER_BYTES = 8;

/**
 * The most that one frame of input carries. The shim's own frames have no limit: they are streamed, not
 * stored.
 */
export const STDIN_PAYLOAD_BYTES_MAX = 4096;

export const FrameType = {
  /** To the shim: data for the container's input. */
  STDIN: 0,
  STDOUT: 1,
  STDERR: 2,
  /** From the shim, last of all: {si_code u32, si_status i32} of waitid(2). */
  EXIT: 3,
  /** To the shim: the input has ended. */
  STDIN_END: 4,
  /** To the shim: {rows u16, columns u16}. */
  RESIZE: 5,
  /** To the shim, after EXIT: this client does what follows an exit. */
  EXIT_STEP_TAKEN: 6,
  /** To the shim: this client leaves, and the container's input stays open. */
  DETACH: 7,
} as const;

const EXIT_PAYLOAD_BYTES = 8;

/** Writes a frame's header at `offset` of `bytes`. */
export function putHeader(bytes: Uint8Array, offset: number, type: number, length: number): void {
  bytes[offset] = type;
  bytes.fill(0, offset + 1, offset + 4);
  bytes[offset + 4] = length & 0xff;
  bytes[offset + 5] = (length >>> 8) & 0xff;
  bytes[offset + 6] = (length >>> 16) & 0xff;
  bytes[offset + 7] = length >>> 24;
}

/** A frame that has no payload. */
export function emptyFrame(type: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES);
  frame[0] = type;
  return frame;
}

/**
 * The frame that gives the container's terminal a size; what does not fit a u16 is cut to the largest that
 * does.
 */
export function resizeFrame({ rows, columns }: TerminalSize): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 4);
  putHeader(frame, 0, FrameType.RESIZE, 4);
  const view = new DataView(frame.buffer);
  view.setUint16(FRAME_HEADER_BYTES, Math.min(rows, 0xffff), true);
  view.setUint16(FRAME_HEADER_BYTES + 2, Math.min(columns, 0xffff), true);
  return frame;
}

/** What waitid(2) said of the container's init. */
export interface ExitRecord {
  readonly siCode: number;
  readonly siStatus: number;
}

/**
 * Finds the frames in what a shim sends.
 *
 * Output is not collected: {@link next} stops at each piece of it and says where it lies in the caller's own
 * buffer, so gigabytes pass without a copy or an object, and no length that a frame claims makes anything
 * grow.
 */
export class FrameDecoder {
  /** The piece of output that {@link next} stopped at. */
  dataType = 0;
  dataOffset = 0;
  dataLength = 0;
  /** Set once the exit frame was read. */
  exit: ExitRecord | undefined;

  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  #type = 0;
  #remaining = 0;
  readonly #payload = new Uint8Array(EXIT_PAYLOAD_BYTES);

  /**
   * Reads on in `bytes` until a piece of output (`dataLength` > 0), the exit, or `end`.
   *
   * @returns the offset up to which the bytes are used
   * @throws {InvalidDataError} when the bytes are no frames
   */
  next(bytes: Uint8Array, offset: number, end: number): number {
    this.dataLength = 0;
    let at = offset;
    while (at < end && this.exit === undefined) {
      if (this.#headerLength < FRAME_HEADER_BYTES) {
        this.#header[this.#headerLength++] = bytes[at++]!;
        if (this.#headerLength === FRAME_HEADER_BYTES) this.#startFrame();
        continue;
      }
      if (this.#type === FrameType.EXIT) {
        this.#payload[EXIT_PAYLOAD_BYTES - this.#remaining--] = bytes[at++]!;
        if (this.#remaining === 0) this.exit = decodeExit(this.#payload);
        continue;
      }
      this.dataType = this.#type;
      this.dataOffset = at;
      this.dataLength = Math.min(this.#remaining, end - at);
      this.#remaining -= this.dataLength;
      if (this.#remaining === 0) this.#headerLength = 0;
      return at + this.dataLength;
    }
    return at;
  }

  #startFrame(): void {
    const header = this.#header;
    this.#type = header[0]!;
    this.#remaining = new DataView(header.buffer).getUint32(4, true);
    const known =
      this.#type === FrameType.STDOUT ||
      this.#type === FrameType.STDERR ||
      (this.#type === FrameType.EXIT && this.#remaining === EXIT_PAYLOAD_BYTES);
    if (!known || header[1] !== 0 || header[2] !== 0 || header[3] !== 0) {
      throw new InvalidDataError(
        `Cannot read the container's output: no frame starts with ${header.toHex()}`,
      );
    }
    if (this.#remaining === 0) this.#headerLength = 0;
  }
}

function decodeExit(payload: Uint8Array): ExitRecord {
  const view = new DataView(payload.buffer);
  return { siCode: view.getUint32(0, true), siStatus: view.getInt32(4, true) };
}
