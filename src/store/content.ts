import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { InvalidDataError, NotFoundError, UnavailableError } from "../errors.ts";
import { type Digest, digestAlgorithm, digestOf, isDigest } from "../spec/digest.ts";
import { BlobSpool } from "./blob-spool.ts";
import { blobPath, type StorePaths } from "./layout.ts";
import { currentOwner, formatOwner, isAlive, parseOwner } from "./owner.ts";

/** What a blob must turn out to be. */
export interface Expected {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** A blob that is complete and verified, under a temporary name. Disposing removes that name. */
export interface IngestedBlob extends Disposable {
  readonly path: string;
  /** Puts it into the store: on disk first, then visible. */
  commit(): Promise<void>;
}

/**
 * Blobs by digest, as an OCI image layout.
 *
 * Every operation is idempotent and safe beside other processes: a blob's name appears when all of it is on disk,
 * and two that bring the same blob at once both succeed.
 *
 * @see image-spec image-layout.md
 */
export class ContentStore implements Disposable {
  readonly paths: StorePaths;
  #ingestFolder: string | undefined;
  #count = 0;

  constructor(paths: StorePaths) {
    this.paths = paths;
  }

  /** Whether the blob is here. With a size, a file of another length counts as missing. */
  has(digest: Digest, sizeBytes?: number): boolean {
    const status = statSync(blobPath(this.paths, digest), { throwIfNoEntry: false });
    return status?.isFile() === true && (sizeBytes === undefined || status.size === sizeBytes);
  }

  /** The blob's file. It exists when {@link has} said so. */
  path(digest: Digest): string {
    return blobPath(this.paths, digest);
  }

  /**
   * Reads a small blob, verified again: what is parsed is what the digest names.
   *
   * @throws {NotFoundError} when it is not here   @throws {InvalidDataError} when it is longer, or was damaged
   */
  read(digest: Digest, limitBytes: number): Uint8Array {
    const bytes = this.#readFile(digest, limitBytes);
    if (digestOf(bytes, digestAlgorithm(digest)) === digest) return bytes;
    throw new InvalidDataError(`Cannot read blob ${digest}: its file is damaged`, {
      hint: "Remove the image and pull it again",
    });
  }

  /**
   * Writes what `chunks` bring to a temporary file and verifies length and digest on the way.
   *
   * On any failure nothing is left of it.
   *
   * @param onBytes called with the length of each chunk
   * @throws {InvalidDataError} when the bytes are not what was expected   @throws {UnavailableError} on a full disk
   */
  async ingest(
    expected: Expected,
    chunks: AsyncIterable<Uint8Array>,
    onBytes?: (count: number) => void,
  ): Promise<IngestedBlob> {
    const path = `${this.#ownIngestFolder()}/${this.#count++}`;
    const fd = openSync(path, "wx", 0o600);
    try {
      await writeVerified(fd, expected, chunks, onBytes);
    } catch (cause) {
      unlinkSync(path);
      throw cause;
    } finally {
      closeSync(fd);
    }
    const commit = () => this.#commit(path, expected.digest);
    return { path, commit, [Symbol.dispose]: () => rmSync(path, { force: true }) };
  }

  /** Starts a temporary file for a blob whose digest is yet to be known. */
  spool(): BlobSpool {
    const path = `${this.#ownIngestFolder()}/${this.#count++}`;
    return new BlobSpool(path, (digest) => this.#commit(path, digest));
  }

  /** Puts bytes that are all in memory, and returns their digest. */
  async putBytes(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (this.has(digest, bytes.length)) return digest;
    const chunks = (async function* () {
      yield bytes;
    })();
    using blob = await this.ingest({ digest, sizeBytes: bytes.length }, chunks);
    await blob.commit();
    return digest;
  }

  /** Removes a blob; one that is not here is no error. */
  delete(digest: Digest): void {
    rmSync(blobPath(this.paths, digest), { force: true });
  }

  /** All blobs, in no order. */
  list(): Digest[] {
    return ["sha256", "sha512"].flatMap((algorithm) => {
      const folder = `${this.paths.blobs}/${algorithm}`;
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .map((hex) => `${algorithm}:${hex}`)
        .filter(isDigest);
    });
  }

  /**
   * Removes what processes that are gone left unfinished.
   *
   * @returns whether another process is at work here: then a blob that nothing refers to may be one it still needs
   */
  sweepIngest(): boolean {
    let othersAtWork = false;
    for (const name of existsSync(this.paths.ingest) ? readdirSync(this.paths.ingest) : []) {
      const path = `${this.paths.ingest}/${name}`;
      if (path === this.#ingestFolder) continue;
      const owner = parseOwner(name);
      if (owner !== undefined && isAlive(owner)) othersAtWork = true;
      else rmSync(path, { recursive: true, force: true });
    }
    return othersAtWork;
  }

  /** Marks this process as at work here, until it disposes of the store. */
  begin(): void {
    this.#ownIngestFolder();
  }

  [Symbol.dispose](): void {
    if (this.#ingestFolder === undefined) return;
    rmSync(this.#ingestFolder, { recursive: true, force: true });
    this.#ingestFolder = undefined;
  }

  #readFile(digest: Digest, limitBytes: number): Uint8Array {
    let fd: number;
    try {
      fd = openSync(blobPath(this.paths, digest), "r");
    } catch (cause) {
      if (!hasCode(cause, "ENOENT")) throw cause;
      throw new NotFoundError(`Cannot read blob ${digest}: it is not in the store`, { cause });
    }
    try {
      const { size } = fstatSync(fd);
      if (size > limitBytes) {
        throw new InvalidDataError(`Cannot read blob ${digest}: ${size} bytes, more than ${limitBytes}`);
      }
      const bytes = new Uint8Array(size);
      let length = 0;
      while (length < size) {
        const count = readSync(fd, bytes, length, size - length, null);
        if (count === 0) break;
        length += count;
      }
      return bytes.subarray(0, length);
    } finally {
      closeSync(fd);
    }
  }

  async #commit(path: string, digest: Digest): Promise<void> {
    await syncPath(path);
    try {
      linkSync(path, blobPath(this.paths, digest));
    } catch (cause) {
      if (!hasCode(cause, "EEXIST")) throw cause; // Somebody else brought it: the same bytes.
      if (this.has(digest, statSync(path).size)) return;
      this.delete(digest); // A file of another length can only be a damaged one.
      linkSync(path, blobPath(this.paths, digest));
    }
    await syncPath(`${this.paths.blobs}/${digestAlgorithm(digest)}`);
  }

  #ownIngestFolder(): string {
    if (this.#ingestFolder !== undefined) return this.#ingestFolder;
    for (const algorithm of ["sha256", "sha512"]) {
      mkdirSync(`${this.paths.blobs}/${algorithm}`, { recursive: true, mode: 0o700 });
    }
    const marker = `${this.paths.image}/oci-layout`;
    if (!existsSync(marker)) writeFileSync(marker, '{"imageLayoutVersion":"1.0.0"}');
    mkdirSync(this.paths.ingest, { recursive: true, mode: 0o700 });
    const own = `${this.paths.ingest}/${formatOwner(currentOwner())}-${crypto.randomUUID().slice(0, 8)}`;
    mkdirSync(own, { mode: 0o700 });
    this.#ingestFolder = own;
    return own;
  }
}

async function writeVerified(
  fd: number,
  { digest, sizeBytes }: Expected,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: ((count: number) => void) | undefined,
): Promise<void> {
  const hasher = new Bun.CryptoHasher(digestAlgorithm(digest));
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > sizeBytes) {
      throw new InvalidDataError(`Cannot store blob ${digest}: longer than the announced ${sizeBytes} bytes`);
    }
    hasher.update(chunk);
    writeAll(fd, chunk, digest);
    onBytes?.(chunk.length);
  }
  if (length !== sizeBytes) {
    throw new InvalidDataError(`Cannot store blob ${digest}: ${length} bytes instead of ${sizeBytes}`);
  }
  const actual = `${digestAlgorithm(digest)}:${hasher.digest("hex")}`;
  if (actual !== digest) {
    throw new InvalidDataError(`Cannot store blob ${digest}: the bytes received have the digest ${actual}`);
  }
}

function writeAll(fd: number, chunk: Uint8Array, digest: Digest): void {
  try {
    for (let offset = 0; offset < chunk.length;) offset += writeSync(fd, chunk, offset);
  } catch (cause) {
    if (!hasCode(cause, "ENOSPC") && !hasCode(cause, "EDQUOT")) throw cause;
    throw new UnavailableError(`Cannot store blob ${digest}: no space left on the device`, {
      cause,
      hint: "Free some space, or choose another --root",
    });
  }
}

/** fsync(2) off the main thread: a layer is unpacked meanwhile. */
async function syncPath(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.sync();
}

function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}
