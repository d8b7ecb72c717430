import { describe, expect } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import type { ChainId } from "../../../src/spec/chain-id.ts";
import type { Digest } from "../../../src/spec/digest.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { rootTest } from "../../support/machine.ts";
import { inSandbox, sandboxTest } from "../../support/sandbox.ts";
import { tarOf } from "../../support/tar-archive.ts";
import { tempDir } from "../../support/temp-dir.ts";

const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;

function openStore(root: string) {
  const paths = storePaths(root);
  const layers = new LayerStore(openDatabase(root), paths);
  return { layers, unpacker: new LayerUnpacker(layers), folders: () => readdirSync(paths.layers) };
}

/** Writes a blob and says all that unpacking needs to know; a lone layer's chainID is its diffID. */
function blobOf(
  root: string,
  archive: Uint8Array,
  compress: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
) {
  const diffId = digestOf(archive);
  const path = join(root, `blob-${randomBytes(4).toString("hex")}`);
  writeFileSync(path, compress(archive));
  const chainId = diffId as Digest as ChainId;
  return { path, mediaType: "", diffId, chainId, below: [] as ChainId[], belowReady: Promise.resolve() };
}

/** A layer that is worth a thread: three megabytes that do not compress. */
const LARGE = ["a", "b", "c"].map((path) => ({
  path,
  content: randomBytes(1_000_001),
}));

describe("LayerUnpacker", () => {
  for (const [name, compress] of [
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
    ["no compression", (bytes: Uint8Array) => bytes],
  ] as const) {
    rootTest(`unpacks a large layer with ${name} on a thread, and a small one without`, async () => {
      using dir = tempDir("unpack");
      const { layers, unpacker } = openStore(dir.path);
      const large = blobOf(dir.path, tarOf(...LARGE), compress);
      const small = blobOf(dir.path, tarOf({ path: "small", content: "x" }), compress);
      const progress: number[] = [];

      await Promise.all([
        unpacker.unpack({ ...large, onProgress: (n) => progress.push(n) }),
        unpacker.unpack(small),
      ]);

      const { directory, sizeBytes } = layers.find(large.chainId)!;
      expect(sizeBytes).toBe(3_000_003);
      expect(digestOf(readFileSync(join(directory, "b")))).toBe(digestOf(LARGE[1]!.content));
      expect(readFileSync(join(layers.find(small.chainId)!.directory, "small"), "utf8")).toBe("x");
      expect(progress.at(-1)).toBeGreaterThan(3_000_000);
    });
  }

  rootTest("does nothing when the layer is here, and brings it again when its folder is gone", async () => {
    using dir = tempDir("again");
    const { layers, unpacker, folders } = openStore(dir.path);
    const blob = blobOf(dir.path, tarOf({ path: "x" }));
    await unpacker.unpack(blob);
    const { directory } = layers.find(blob.chainId)!;
    const { ino } = lstatSync(directory);

    await unpacker.unpack(blob);
    expect(lstatSync(directory).ino).toBe(ino);
    Bun.spawnSync(["rm", "-r", directory]);
    expect(unpacker.has(blob.chainId)).toBe(false);
    await unpacker.unpack(blob);
    expect(existsSync(join(directory, "x"))).toBe(true);
    expect(folders()).toHaveLength(1);
  });

  rootTest("two that bring the same layer at once both succeed, and one folder is left", async () => {
    using dir = tempDir("race");
    const { unpacker, folders } = openStore(dir.path);
    const blob = blobOf(dir.path, tarOf(...LARGE), gzipSync);

    await Promise.all([unpacker.unpack(blob), unpacker.unpack(blob)]);

    expect(folders()).toHaveLength(1);
  });

  const bad: readonly (readonly [string, (archive: Uint8Array) => Uint8Array, RegExp])[] = [
    [
      "a gzip blob that was cut",
      (archive) => gzipSync(archive).subarray(0, -100),
      /unexpected end of file|middle/,
    ],
    ["a gzip blob with a changed byte", (archive) => changed(gzipSync(archive)), /Cannot|diffID/],
    [
      "a zstd blob that was cut",
      (archive) => zstdCompressSync(archive).subarray(0, -100),
      /middle of a file|Cannot/,
    ],
    [
      "bytes behind the archive that the diffID does not cover",
      (archive) => Buffer.concat([archive, Buffer.from("x")]),
      /diffID/,
    ],
  ];
  for (const size of ["small", "large"] as const) {
    for (const [name, spoil, reason] of bad) {
      rootTest(`refuses ${name}, ${size}, and leaves nothing`, async () => {
        using dir = tempDir("bad");
        const { unpacker, folders } = openStore(dir.path);
        const archive = size === "large" ? tarOf(...LARGE) : tarOf({ path: "x", content: randomBytes(3000) });

        const outcome = unpacker.unpack(blobOf(dir.path, archive, spoil));

        await expect(outcome).rejects.toThrow(reason);
        await expect(outcome).rejects.toMatchObject({ name: "InvalidDataError" });
        expect(folders()).toEqual([]);
      });
    }
  }

  rootTest("refuses a hostile layer on a thread with the same error as without", async () => {
    using dir = tempDir("hostile-thread");
    const { unpacker, folders } = openStore(dir.path);
    const blob = blobOf(dir.path, tarOf(...LARGE, { path: "../x" }));

    await expect(unpacker.unpack(blob)).rejects.toThrow(/Cannot unpack "\.\.\/x": the path climbs/);
    expect(folders()).toEqual([]);
  });

  rootTest("stops when it is told to, and leaves nothing", async () => {
    using dir = tempDir("abort");
    const { unpacker, folders } = openStore(dir.path);
    const controller = new AbortController();
    const many = Array.from({ length: 8 }, (_, i) => ({ path: `f${i}`, content: randomBytes(4_000_000) }));
    const blob = blobOf(dir.path, tarOf(...many), gzipSync);

    const outcome = unpacker.unpack({
      ...blob,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("interrupted")),
    });

    await expect(outcome).rejects.toThrow("interrupted");
    expect(folders()).toEqual([]);
  });

  rootTest(
    "removes what a process that is gone left half unpacked, and nothing of one that lives",
    async () => {
      using dir = tempDir("leftovers");
      const { unpacker, folders, layers } = openStore(dir.path);
      const living = layers.makeTemporary();
      const dead = join(living, "../.tmp-1-99999999999-0-x");
      mkdirSync(join(dead, "deep/er"), { recursive: true });

      await unpacker.unpack(blobOf(dir.path, tarOf({ path: "x" })));

      expect(existsSync(dead)).toBe(false);
      expect(folders()).toContain(living.split("/").at(-1)!);
    },
  );

  rootTest("gives a folder that the archive leaves out the looks it has in the layers below", async () => {
    using dir = tempDir("inherit");
    const { layers, unpacker } = openStore(dir.path);
    const lower = blobOf(dir.path, tarOf({ path: "tmp", type: "directory", mode: 0o1777, gid: 50 }));
    const upper = blobOf(dir.path, tarOf({ path: "tmp/file" }, { path: "new/file" }));
    const ready = unpacker.unpack(lower);

    await unpacker.unpack({ ...upper, below: [lower.chainId], belowReady: ready });

    const { directory } = layers.find(upper.chainId)!;
    expect(lstatSync(join(directory, "tmp"))).toMatchObject({ mode: 0o41777, gid: 50 });
    expect(lstatSync(join(directory, "new")).mode).toBe(0o40755);
  });

  sandboxTest("says which folder a full disk is under, and leaves nothing", async () => {
    using dir = tempDir("full");
    for (const archive of [tarOf(...LARGE), tarOf({ path: "zeros", content: Buffer.alloc(8_000_000) })]) {
      const { path, diffId } = blobOf(dir.path, archive, gzipSync);
      const root = join(dir.path, `root-${diffId.slice(7, 15)}`);

      const seen = await inSandbox(join(import.meta.dir, "full-disk.fixture.ts"), root, path, diffId);

      expect(seen).toMatchObject({ name: "UnavailableError", left: [] });
      expect((seen as { message: string }).message).toMatch(
        /to "\S+\/layers\/\.tmp-\S+": no space left .* after \d+ bytes/,
      );
    }
  });
});

function changed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length >> 1]! ^= 0xff;
  return copy;
}
