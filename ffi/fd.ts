import { bind } from "./libc.ts";

const libc = bind({ close: { args: ["i32"], returns: "i32" } });

/**
 * A file descriptor that somebody owns: closed when its scope ends, unless ownership was handed on.
 *
 * `using dir = openDirectory(path)` closes it; `release()` returns the number and makes the caller responsible.
 */
export class OwnedFd implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The descriptor's number. Fails when it is closed or released: that is a programmer's error. */
  get fd(): number {
    if (this.#fd < 0) throw new Error("use of a file descriptor that was closed or released");
    return this.#fd;
  }

  /** Hands the descriptor on: this object no longer closes it. */
  release(): number {
    const { fd } = this;
    this.#fd = -1;
    return fd;
  }

  /** Moves ownership into a new object: disposing of this one does nothing any more. */
  take(): OwnedFd {
    return new OwnedFd(this.release());
  }

  /** Closes it now; a second call does nothing. close(2) is not retried: Linux frees the number even on EINTR. */
  close(): void {
    if (this.#fd < 0) return;
    libc.close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
