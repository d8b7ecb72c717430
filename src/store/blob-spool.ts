import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { UnavailableError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";

/** A blob that is complete, under a temporary name. Disposing removes that name. */
export interface SpooledBlob extends Disposable {
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Puts it into the store: on disk first, then visible. */
  commit(): Promise<void>;
}

/** Bytes on their way to a temporary file, hashed as they come. Disposing removes the file, unless it was finished. */
export class BlobSpool implements Disposable {
  readonly #path: string;
  readonly #commit: (digest: Digest) => Promise<void>;
  readonly #hasher = new Bun.SHA256();
  #fd: number;
  #sizeBytes = 0;
  #isFinished = false;

  constructor(path: string, commit: (digest: Digest) => Promise<void>) {
    this.#path = path;
    this.#commit = commit;
    this.#fd = openSync(path, "wx", 0o600);
  }

  /** Appends. @throws {UnavailableError} on a full disk */
  write(chunk: Uint8Array): void {
    this.#hasher.update(chunk);
    this.#sizeBytes += chunk.length;
    try {
      for (let offset = 0; offset < chunk.length;) offset += writeSync(this.#fd, chunk, offset);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw cause;
      throw new UnavailableError(
        `Cannot write "${this.#path}": no space left on the device after ${this.#sizeBytes} bytes`,
        { cause, hint: "Free some space, or choose another --root" },
      );
    }
  }

  /** Ends the blob. The file is then the result's to remove. */
  finish(): SpooledBlob {
    this.#close();
    this.#isFinished = true;
    const path = this.#path;
    const digest = `sha256:${this.#hasher.digest("hex")}` as Digest;
    const commit = () => this.#commit(digest);
    const remove = () => rmSync(path, { force: true });
    return { path, digest, sizeBytes: this.#sizeBytes, commit, [Symbol.dispose]: remove };
  }

  [Symbol.dispose](): void {
    this.#close();
    if (!this.#isFinished) rmSync(this.#path, { force: true });
  }

  #close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
