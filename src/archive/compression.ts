import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";
import { InvalidDataError, UnsupportedError } from "../errors.ts";

export type Compression = "none" | "gzip" | "zstd";

/** Bytes that {@link detectCompression} wants to see. */
export const MAGIC_BYTES = 6;

const MAGICS: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/** A zstd stream may start with frames for other programs: 16 magic numbers, little-endian. */
const ZSTD_SKIPPABLE = [0x2a, 0x4d, 0x18] as const;

/**
 * Tells by its first bytes how a blob is compressed. Media types are not asked: they are known to lie.
 *
 * @throws {UnsupportedError} for xz and bzip2
 */
export function detectCompression(start: Uint8Array): Compression {
  const isSkippable = ZSTD_SKIPPABLE.every((byte, i) => start[i + 1] === byte) && start[0]! >> 4 === 5;
  if (isSkippable) return "zstd";
  const found = MAGICS.find(([, magic]) => magic.every((byte, i) => start[i] === byte))?.[0];
  if (found === "gzip" || found === "zstd") return found;
  if (found === undefined) return "none";
  throw new UnsupportedError(`Cannot decompress the archive: it is compressed with ${found}`, {
    hint: "Decompress it first; gzip, zstd and uncompressed archives can be read",
  });
}

/**
 * Makes a decompressor; `undefined` when nothing needs to be done.
 *
 * It works on Bun's thread pool, one output chunk ahead of its reader. A gzip stream that was cut is an error; a zstd
 * stream that was cut just ends, so the reader must know what to expect (a digest, an archive's end).
 *
 * @param chunkBytes the size of an output chunk
 */
export function createDecompressor(compression: Compression, chunkBytes: number): Transform | undefined {
  const options = { chunkSize: chunkBytes, readableHighWaterMark: chunkBytes };
  switch (compression) {
    case "gzip":
      return createGunzip(options);
    case "zstd":
      return createZstdDecompress(options);
    case "none":
      return undefined;
  }
}

/** More than deflate can do (1032:1); zstd can do more, and nothing but a bomb does. */
const EXPANSION_RATIO_MAX = 2000;
/** Below this size any ratio is fine. */
const EXPANSION_FREE_BYTES = 2 ** 30;

/** @throws {InvalidDataError} when so few bytes expand to so many that it can only be meant to fill the disk */
export function checkExpansion(compressedBytes: number, uncompressedBytes: number): void {
  if (uncompressedBytes <= EXPANSION_FREE_BYTES) return;
  if (uncompressedBytes <= compressedBytes * EXPANSION_RATIO_MAX) return;
  throw new InvalidDataError(
    `Cannot decompress the archive: ${compressedBytes} bytes expand to more than ${uncompressedBytes}`,
  );
}
