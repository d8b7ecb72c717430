/** One blob to one folder, in the thread it is called in: read, decompress, hash, write. */
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import {
  checkExpansion,
  createDecompressor,
  detectCompression,
  MAGIC_BYTES,
} from "../archive/compression.ts";
import { TarReader } from "../archive/tar-reader.ts";
import { EngineError, InvalidDataError, UnavailableError } from "../errors.ts";
import { openDirectory } from "../kernel/directory.ts";
import { failureCode } from "../kernel/syscall-failure.ts";
import { LayerWriter } from "./apply-layer.ts";

export interface UnpackBlobRequest {
  readonly blobPath: string;
  /** An empty folder. */
  readonly folder: string;
  /** `sha256:…` of the uncompressed archive. */
  readonly expectedDiffId: string;
  /** `sha256:…` of the blob as it is, when it was not checked before. */
  readonly expectedDigest?: string;
}

export interface UnpackedBlob {
  readonly diffId: string;
  /** The content of all files. */
  readonly sizeBytes: number;
  /** Folders that the archive implies but does not list, as Latin-1 of their bytes. */
  readonly implicitFolders: readonly string[];
}

const BLOB_CHUNK_BYTES = 262_144;
const ARCHIVE_CHUNK_BYTES = 524_288;
const PROGRESS_STEP_BYTES = 4_194_304;

/**
 * Unpacks a layer. The folder is left as it is when this fails, and is the caller's to remove.
 *
 * Decompression runs on the thread pool, one chunk ahead: while this thread hashes and writes a chunk, the next one is
 * made.
 *
 * @param onProgress told now and then how many bytes of the blob are done
 * @throws {InvalidDataError} for an archive that is damaged, hostile, or not the one that was expected
 * @throws {UnavailableError} when the disk is full
 */
export async function unpackBlob(
  request: UnpackBlobRequest,
  onProgress: (blobBytes: number) => void,
  signal?: AbortSignal,
): Promise<UnpackedBlob> {
  using layer = openDirectory(request.folder);
  using writer = new LayerWriter(layer);
  const reader = new TarReader(writer);
  const blobHash = request.expectedDigest === undefined ? undefined : createHash("sha256");
  const archiveHash = createHash("sha256");
  let blobBytes = 0;
  let archiveBytes = 0;
  let reported = 0;
  const chunks = archiveChunks(request.blobPath, (chunk) => {
    blobBytes += chunk.length;
    blobHash?.update(chunk);
  });
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      archiveBytes += chunk.length;
      checkExpansion(blobBytes, archiveBytes);
      archiveHash.update(chunk);
      reader.push(chunk);
      if (archiveBytes - reported < PROGRESS_STEP_BYTES) continue;
      reported = archiveBytes;
      onProgress(blobBytes);
    }
    reader.end();
  } catch (cause) {
    throw translated(cause, request.folder, archiveBytes);
  }
  if (blobHash !== undefined) check("digest", request.expectedDigest!, blobHash.digest("hex"));
  const diffId = check("diffID", request.expectedDiffId, archiveHash.digest("hex"));
  const implicit = writer.finish();
  // Its name will say that it is complete, after a power failure too.
  layer.syncFileSystem();
  onProgress(blobBytes);
  return {
    diffId,
    sizeBytes: writer.sizeBytes,
    implicitFolders: implicit.map((path) => Buffer.from(path).toString("latin1")),
  };
}

/** The blob's archive, uncompressed. Not named on the way: the blob's own bytes, which `onBlobChunk` sees. */
function archiveChunks(path: string, onBlobChunk: (chunk: Uint8Array) => void): Readable {
  const decompressor = createDecompressor(detectCompression(firstBytes(path)), ARCHIVE_CHUNK_BYTES);
  const highWaterMark = decompressor === undefined ? ARCHIVE_CHUNK_BYTES : BLOB_CHUNK_BYTES;
  const blob = createReadStream(path, { highWaterMark });
  blob.on("data", onBlobChunk as (chunk: string | Buffer) => void);
  if (decompressor === undefined) {
    blob.pause();
    return blob;
  }
  // The reader of the last stream meets every error; the callback is where pipeline wants to report them.
  return pipeline(blob, decompressor, () => {});
}

function firstBytes(path: string): Uint8Array {
  const fd = openSync(path, "r");
  try {
    const bytes = new Uint8Array(MAGIC_BYTES);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

function check(what: string, expected: string, hex: string): string {
  const found = `sha256:${hex}`;
  if (found === expected) return found;
  throw new InvalidDataError(`Cannot unpack the layer: its ${what} is ${found} instead of ${expected}`);
}

function translated(cause: unknown, folder: string, archiveBytes: number): unknown {
  const code = failureCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const state = code === "ENOSPC" ? "no space left on the device" : "the disk quota is exceeded";
    return new UnavailableError(
      `Cannot unpack the layer to "${folder}": ${state} after ${archiveBytes} bytes`,
      {
        cause,
        hint: "Free some space, or choose another --root",
      },
    );
  }
  if (cause instanceof EngineError || !(cause instanceof Error) || !("code" in cause)) return cause;
  const isZlib = /^(Z_|ZSTD_|ERR_ZLIB|ERR__ZSTD|ERR_ZSTD)/.test(String(cause.code));
  if (!isZlib) return cause;
  return new InvalidDataError(`Cannot decompress the layer: ${cause.message} after ${archiveBytes} bytes`, {
    cause,
  });
}
