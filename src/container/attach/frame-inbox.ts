import { INPUT_ENDED, readInput } from "../../kernel/input.ts";
import type { Output } from "../../kernel/output.ts";
import { FrameDecoder, FrameType } from "./protocol.ts";

/** Large enough that the cost of a system call vanishes beside its copy, small enough for the CPU's cache. */
const BUFFER_BYTES = 256 * 1024;

/**
 * - `more`: everything read so far is written: read on
 * - `full`: the output that {@link FrameInbox.blockedOn} names takes no more for the moment
 * - `exited`: the exit frame was read, after all the output
 * - `ended`: the socket has ended without an exit frame
 * - `closed`: nobody reads our output any more
 */
export type InboxState = "more" | "full" | "exited" | "ended" | "closed";

/** What the shim sends: output is written to its stream, piece by piece, straight from the read buffer. */
export class FrameInbox {
  readonly decoder = new FrameDecoder();
  readonly #socketFd: number;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #bytes = new Uint8Array(new ArrayBuffer(BUFFER_BYTES));
  #next = 0;
  #end = 0;
  /** What is left of the piece of output that is being written. */
  #pieceOffset = 0;
  #pieceLength = 0;

  constructor(socketFd: number, outputs: { readonly stdout: Output; readonly stderr: Output }) {
    this.#socketFd = socketFd;
    this.#stdout = outputs.stdout;
    this.#stderr = outputs.stderr;
  }

  /** The output that the piece at hand is for, while it is not written in full. */
  get blockedOn(): Output | undefined {
    return this.#pieceLength > 0 ? this.#output() : undefined;
  }

  /** Reads from the socket, once, and writes what it can. Call it only when everything before is written. */
  receive(): InboxState {
    const count = readInput(this.#socketFd, this.#bytes, 0, BUFFER_BYTES);
    if (count === INPUT_ENDED) return "ended";
    this.#next = 0;
    this.#end = count;
    return this.deliver();
  }

  /** Goes on writing what was read. */
  deliver(): InboxState {
    for (;;) {
      while (this.#pieceLength > 0) {
        const written = this.#output().write(this.#bytes, this.#pieceOffset, this.#pieceLength);
        if (written === 0) return "full";
        if (written === "closed") return "closed";
        this.#pieceOffset += written;
        this.#pieceLength -= written;
      }
      const { decoder } = this;
      this.#next = decoder.next(this.#bytes, this.#next, this.#end);
      if (decoder.dataLength === 0) return decoder.exit === undefined ? "more" : "exited";
      this.#pieceOffset = decoder.dataOffset;
      this.#pieceLength = decoder.dataLength;
    }
  }

  #output(): Output {
    return this.decoder.dataType === FrameType.STDERR ? this.#stderr : this.#stdout;
  }
}
