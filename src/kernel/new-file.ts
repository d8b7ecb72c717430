import type { OwnedFd } from "../../ffi/fd.ts";
import { fchmod, fchown, fsync, futimens, type Timespec, write } from "../../ffi/sys/fs.ts";
import { fsetxattr } from "../../ffi/sys/xattr.ts";

/**
 * A regular file that is being made: its content first, then what chown and write would clear.
 *
 * The order matters: a write clears setuid and file capabilities, a change of owner clears them too.
 */
export class NewFile implements Disposable {
  readonly #file: OwnedFd;

  /** Takes the descriptor over. */
  constructor(file: OwnedFd) {
    this.#file = file;
  }

  /** Appends all of `bytes`. @throws {SyscallError} ENOSPC, EDQUOT, EFBIG */
  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(write(this.#file.fd, rest));
  }

  /** @see fchown(2) */
  chown(uid: number, gid: number): void {
    fchown(this.#file.fd, uid, gid);
  }

  /** @see fchmod(2) */
  chmod(mode: number): void {
    fchmod(this.#file.fd, mode);
  }

  /** @see fsetxattr(2) */
  setXattr(name: string, value: Uint8Array): void {
    fsetxattr(this.#file.fd, name, value);
  }

  /** @see futimens(3) */
  setTimes(time: Timespec): void {
    futimens(this.#file.fd, time);
  }

  /** @see fsync(2) */
  sync(): void {
    fsync(this.#file.fd);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
