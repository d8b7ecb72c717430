import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { checkExpansion, createDecompressor, detectCompression } from "../../../src/archive/compression.ts";

async function decompressed(compression: "gzip" | "zstd", ...parts: readonly Uint8Array[]): Promise<string> {
  const decompressor = createDecompressor(compression, 65_536)!;
  decompressor.end(Buffer.concat(parts));
  return Buffer.concat(await decompressor.toArray()).toString();
}

describe("detectCompression", () => {
  test("tells formats by their first bytes", () => {
    expect(detectCompression(gzipSync("x"))).toBe("gzip");
    expect(detectCompression(zstdCompressSync("x"))).toBe("zstd");
    expect(detectCompression(Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 0, 0]))).toBe("zstd");
    expect(detectCompression(Buffer.from("./dir/"))).toBe("none");
    expect(detectCompression(new Uint8Array(0))).toBe("none");
  });

  test("refuses xz and bzip2 by name", () => {
    expect(() => detectCompression(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))).toThrow(
      /compressed with xz/,
    );
    expect(() => detectCompression(Buffer.from("BZh91A"))).toThrow(/compressed with bzip2/);
  });
});

describe("createDecompressor", () => {
  test("reads several gzip members, and several zstd frames with skippable ones between, as one stream", async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

    expect(await decompressed("gzip", gzipSync("one "), gzipSync("two"))).toBe("one two");
    expect(await decompressed("zstd", zstdCompressSync("one "), skippable, zstdCompressSync("two"))).toBe(
      "one two",
    );
  });

  test("fails on a gzip stream that was cut", async () => {
    const cut = gzipSync("x".repeat(1000)).subarray(0, -5);

    await expect(decompressed("gzip", cut)).rejects.toThrow();
  });
});

test("checkExpansion lets small archives expand as they like, and stops a bomb", () => {
  checkExpansion(1, 2 ** 30);
  checkExpansion(2 ** 21, 2 ** 31);
  expect(() => checkExpansion(1000, 2 ** 31)).toThrow(/1000 bytes expand to more than 2147483648/);
});
