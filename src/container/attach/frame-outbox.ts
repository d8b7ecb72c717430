import type { Output } from "../../kernel/output.ts";
import { emptyFrame, FRAME_HEADER_BYTES, FrameType, putHeader, STDIN_PAYLOAD_BYTES_MAX } from "./protocol.ts";

/** Room for a frame of input, and for the small frames (a resize, an end) that come while it waits. */
const CAPACITY_BYTES = 4 * (FRAME_HEADER_BYTES + STDIN_PAYLOAD_BYTES_MAX);

/**
 * Frames on their way to the shim.
 *
 * While any are left, the owner reads no more input: a container that does not read makes us stop reading,
 * too.
 */
export class FrameOutbox {
  readonly #socket: Output;
  readonly #bytes = new Uint8Array(new ArrayBuffer(CAPACITY_BYTES));
  #start = 0;
  #end = 0;
  #closed = false;

  constructor(socket: Output) {
    this.#socket = socket;
  }

  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** Whether the shim has stopped reading. What it sent before that can still be read. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Queues a whole frame. Drops it when there is no room, which takes thousands of resizes that nobody reads.
   */
  add(frame: Uint8Array): void {
    if (this.#closed || frame.length > CAPACITY_BYTES - this.#end) return;
    this.#bytes.set(frame, this.#end);
    this.#end += frame.length;
  }

  /** Queues a frame without payload. */
  addEmpty(type: number): void {
    this.add(emptyFrame(type));
  }

  /**
   * Queues a frame of input whose payload `fill` writes in place: it gets the buffer, an offset and the room
   * there, and returns the payload's length. Nothing is queued when that is 0 or less, and it is returned as
   * it is.
   */
  addInput(fill: (bytes: Uint8Array, offset: number, room: number) => number): number {
    const payload = this.#end + FRAME_HEADER_BYTES;
    const room = Math.min(STDIN_PAYLOAD_BYTES_MAX, CAPACITY_BYTES - payload);
    if (room <= 0) return 0;
    const length = fill(this.#bytes, payload, room);
    if (length > 0 && !this.#closed) {
      putHeader(this.#bytes, this.#end, FrameType.STDIN, length);
      this.#end = payload + length;
    }
    return length;
  }

  /** Sends what the socket takes now. */
  flush(): void {
    while (!this.isEmpty) {
      const written = this.#socket.write(this.#bytes, this.#start, this.#end - this.#start);
      if (written === 0) return;
      if (written === "closed") {
        this.#closed = true;
        this.#start = this.#end;
      } else this.#start += written;
    }
    this.#start = 0;
    this.#end = 0;
  }
}
