import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { ECONNRESET, EAGAIN, EIO, EPIPE, sendNow, write } from "../../ffi/sys/io.ts";
import { PollEvent, PollSet } from "./poll.ts";

/** What a write did: the bytes taken (0: full for the moment), or that nobody will read any more. */
export type Written = number | "closed";

/**
 * A descriptor to write to without ever blocking, and without changing what others see of it.
 *
 * O_NONBLOCK belongs to the open file, which the shell and other programs share with us, so it is never set:
 * a pipe or a terminal is opened anew by its /proc link, which makes an open file of our own; a socket is
 * asked call by call. Where that fails (no /proc) writes may block. Regular files never do.
 */
export class Output implements Disposable {
  readonly #fd: number;
  readonly #owned: boolean;
  readonly #socket: boolean;

  constructor(fd: number, kind: { readonly owned: boolean; readonly socket: boolean }) {
    this.#fd = fd;
    this.#owned = kind.owned;
    this.#socket = kind.socket;
  }

  /** The descriptor to poll. */
  get fd(): number {
    return this.#fd;
  }

  /** Writes what fits. @see write(2) */
  write(bytes: Uint8Array, offset: number, length: number): Written {
    const count = (this.#socket ? sendNow : write)(this.#fd, bytes, offset, length);
    if (count >= 0) return count;
    if (count === -EAGAIN) return 0;
    // EIO: a terminal that hung up. All the others mean that the reader is gone.
    if (count === -EPIPE || count === -ECONNRESET || count === -EIO) return "closed";
    return 0;
  }

  /** Writes everything, and waits for the reader as long as it takes. @returns whether a reader is left */
  writeAll(bytes: Uint8Array, offset: number, length: number): boolean {
    const end = offset + length;
    let next = offset;
    while (next < end) {
      const written = this.write(bytes, next, end - next);
      if (written === "closed") return false;
      next += written;
      if (next < end) this.#waitForRoom();
    }
    return true;
  }

  #waitForRoom(): void {
    const set = new PollSet(1);
    set.set(0, this.#fd, PollEvent.OUT);
    set.wait();
  }

  [Symbol.dispose](): void {
    if (this.#owned) closeSync(this.#fd);
  }
}

/** Opens `fd` for writing without blocking. The descriptor itself stays the caller's, and open. */
export function openOutput(fd: number): Output {
  const stat = fstatSync(fd);
  if (stat.isSocket()) return new Output(fd, { owned: false, socket: true });
  if (!stat.isFIFO() && !stat.isCharacterDevice()) return new Output(fd, { owned: false, socket: false });
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    const own = openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return new Output(own, { owned: true, socket: false });
  } catch {
    return new Output(fd, { owned: false, socket: false });
  }
}

const O_CLOEXEC = 0o2000000;
