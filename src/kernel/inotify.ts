import type { OwnedFd } from "../../ffi/fd.ts";
import { InotifyMask } from "../../ffi/structs/inotify.ts";
import { inotifyAddWatch, inotifyInit } from "../../ffi/sys/inotify.ts";
import { read } from "../../ffi/sys/io.ts";

export { InotifyMask };

/**
 * Tells that something changed in folders, without saying what: the caller looks for itself.
 *
 * That makes lost, merged and reordered events harmless. @see inotify(7)
 */
export class FolderWatch implements Disposable {
  readonly #inotify: OwnedFd;
  readonly #buffer = new Uint8Array(16 * 1024);

  constructor(inotify: OwnedFd) {
    this.#inotify = inotify;
  }

  /** The descriptor to poll for input. */
  get fd(): number {
    return this.#inotify.fd;
  }

  /**
   * Watches one folder more.
   *
   * @throws {SyscallError} ENOENT; ENOSPC at the limit of `fs.inotify.max_user_watches`
   */
  add(path: string, mask: number): void {
    inotifyAddWatch(this.fd, path, mask | InotifyMask.ONLYDIR);
  }

  /** Forgets the events so far. Look at the folders after this call, not before. */
  drain(): void {
    while (read(this.fd, this.#buffer, 0, this.#buffer.length) > 0);
  }

  [Symbol.dispose](): void {
    this.#inotify.close();
  }
}

/**
 * Opens a watch on nothing yet.
 *
 * @throws {SyscallError} EMFILE at the limit of `fs.inotify.max_user_instances`
 */
export function openFolderWatch(): FolderWatch {
  return new FolderWatch(inotifyInit());
}
