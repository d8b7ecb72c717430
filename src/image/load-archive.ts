import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import {
  checkExpansion,
  createDecompressor,
  detectCompression,
  MAGIC_BYTES,
} from "../archive/compression.ts";
import type { TarEntry } from "../archive/entry.ts";
import { TarReader, type TarSink } from "../archive/tar-reader.ts";
import { InvalidDataError } from "../errors.ts";
import type { BlobSpool, SpooledBlob } from "../store/blob-spool.ts";
import type { ContentStore } from "../store/content.ts";
import { parseLayerPath } from "./layer-path.ts";
import { LINKS_MAX, type LoadSource } from "./load-source.ts";

const CHUNK_BYTES = 524_288;

const decoder = new TextDecoder();

/** A saved image that came as an archive: each of its files is a temporary blob. */
export class ArchiveSource implements LoadSource, TarSink {
  readonly subject: string;
  readonly #content: ContentStore;
  readonly #files = new Map<string, SpooledBlob>();
  readonly #links = new Map<string, string>();
  #name = "";
  #spool: BlobSpool | undefined;

  constructor(subject: string, content: ContentStore) {
    this.subject = subject;
    this.#content = content;
  }

  begin(entry: TarEntry): void {
    this.#name = nameOf(entry.path);
    if (entry.type === "file") this.#spool = this.#content.spool();
    else if (entry.type === "symlink") this.#links.set(this.#name, besides(this.#name, entry.linkPath));
    else if (entry.type === "hardlink") this.#links.set(this.#name, nameOf(entry.linkPath));
  }

  content(bytes: Uint8Array): void {
    this.#spool?.write(bytes);
  }

  end(): void {
    if (this.#spool === undefined) return;
    this.#files.get(this.#name)?.[Symbol.dispose](); // The last one of a name counts.
    this.#files.set(this.#name, this.#spool.finish());
    this.#links.delete(this.#name);
    this.#spool = undefined;
  }

  find(name: string): SpooledBlob | undefined {
    let found = besides("", Buffer.from(name));
    for (let links = 0; links <= LINKS_MAX; links++) {
      const target = this.#links.get(found);
      if (target === undefined) return this.#files.get(found);
      found = target;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#spool?.[Symbol.dispose]();
    for (const file of this.#files.values()) file[Symbol.dispose]();
  }
}

/**
 * Reads an archive to its end. Nothing of it is kept in memory; its files go to temporary blobs.
 *
 * @param stream what the user gave: a file or standard input, compressed or not
 * @throws {InvalidDataError} when it is not a tar archive, or a damaged one
 */
export async function readArchive(
  stream: Readable,
  source: ArchiveSource,
  signal?: AbortSignal,
): Promise<void> {
  const reader = new TarReader(source);
  let read = 0;
  let uncompressed = 0;
  try {
    for await (const chunk of await decompressed(stream, (count) => (read += count))) {
      signal?.throwIfAborted();
      uncompressed += chunk.length;
      checkExpansion(read, uncompressed);
      reader.push(chunk);
    }
    reader.end();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || !/^(Z_|ERR_|ZSTD)/.test(String(cause.code)))
      throw cause;
    throw new InvalidDataError(`Cannot load ${source.subject}: ${cause.message}`, { cause });
  }
  if (uncompressed === 0) throw new InvalidDataError(`Cannot load ${source.subject}: it is empty`);
}

/** Looks at the first bytes, then hands on all of them, decompressed. */
async function decompressed(
  stream: Readable,
  onRead: (count: number) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const iterator = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    start.push(next.value);
    length += next.value.length;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    for (const chunk of start) {
      onRead(chunk.length);
      yield chunk;
    }
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      onRead(next.value.length);
      yield next.value;
    }
  }
  const decompressor = createDecompressor(detectCompression(Buffer.concat(start)), CHUNK_BYTES);
  return decompressor === undefined ? all() : pipeline(all(), decompressor, () => {});
}

function nameOf(path: Uint8Array): string {
  return decoder.decode(parseLayerPath(path));
}

/** The name that a symbolic link beside `name` means; `..` stops at the archive's root. */
function besides(name: string, target: Uint8Array): string {
  const text = decoder.decode(target);
  const parts = text.startsWith("/") ? [] : name.split("/").slice(0, -1);
  for (const part of text.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
