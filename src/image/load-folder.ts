import { closeSync, openSync, readSync } from "node:fs";
import { InvalidDataError } from "../errors.ts";
import { type Directory, openDirectory } from "../kernel/directory.ts";
import { failureCode } from "../kernel/syscall-failure.ts";
import type { SpooledBlob } from "../store/blob-spool.ts";
import type { ContentStore } from "../store/content.ts";
import type { LoadSource } from "./load-source.ts";

const CHUNK_BYTES = 1_048_576;

/** A saved image in a folder. Its files are copied when they are asked for; links out of it lead nowhere. */
export class FolderSource implements LoadSource {
  readonly subject: string;
  readonly #folder: Directory;
  readonly #content: ContentStore;
  readonly #found = new Map<string, SpooledBlob>();

  constructor(path: string, content: ContentStore) {
    this.subject = `"${path}"`;
    this.#folder = openDirectory(path);
    this.#content = content;
  }

  find(name: string): SpooledBlob | undefined {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    try {
      const blob = this.#copy(name);
      this.#found.set(name, blob);
      return blob;
    } catch (cause) {
      const code = failureCode(cause);
      if (code === undefined) throw cause;
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return undefined;
      throw new InvalidDataError(`Cannot load ${this.subject}: ${(cause as Error).message}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    for (const blob of this.#found.values()) blob[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  #copy(name: string): SpooledBlob {
    using file = this.#folder.openFile(name);
    const fd = openSync(`/proc/self/fd/${file.fd}`, "r");
    try {
      using spool = this.#content.spool();
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) {
        spool.write(chunk.subarray(0, count));
      }
      return spool.finish();
    } finally {
      closeSync(fd);
    }
  }
}
