import { describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type LoadOptions, load } from "../../../src/image/load.ts";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { getImage, layersOf, listImages, referencesOf } from "../../../src/store/images.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { dockerArchive, ociLayout } from "../../support/images.ts";
import { rootTest } from "../../support/machine.ts";
import { type ArchivePart, tarOf } from "../../support/tar-archive.ts";
import { tempDir } from "../../support/temp-dir.ts";

const digestOf = (bytes: Uint8Array | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function openRoot(root: string) {
  const database = openDatabase(root);
  const layers = new LayerStore(database, storePaths(root));
  const run = (path: string, options: Partial<LoadOptions> = {}) =>
    load({ rootDir: root, database, target: new LayerUnpacker(layers), path, ...options });
  const leftovers = () => [
    ...(existsSync(`${root}/layers`) ? readdirSync(`${root}/layers`) : []),
    ...readdirSync(`${root}/image/ingest`),
    ...readdirSync(`${root}/image/blobs/sha256`),
  ];
  return { database, layers, run, leftovers };
}

/** A docker-archive, member by member. */
function savedImage(
  options: { config?: string; layers?: readonly ArchivePart[]; manifest?: unknown; tags?: string[] } = {},
) {
  const layer = tarOf({ path: "etc/hello", content: "hello" });
  const config =
    options.config ??
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    });
  const manifest = options.manifest ?? [
    { Config: "config.json", RepoTags: options.tags ?? ["hello:1"], Layers: ["abc/layer.tar"] },
  ];
  return tarOf(
    ...(options.layers ?? [{ path: "abc/layer.tar", content: layer }]),
    { path: "config.json", content: config },
    { path: "manifest.json", content: JSON.stringify(manifest) },
  );
}

describe("load", () => {
  rootTest(
    "brings in a docker archive: plain, gzip, zstd, and unpacked into a folder, always the same image",
    async () => {
      using dir = tempDir("load-docker");
      const { database, run } = openRoot(dir.path);
      const archive = readFileSync(dockerArchive());
      const folder = join(dir.path, "folder");
      mkdirSync(folder);
      Bun.spawnSync(["tar", "-C", folder, "-xf", dockerArchive()]);
      const paths = [dockerArchive(), folder, join(dir.path, "a.tgz"), join(dir.path, "a.tzst")];
      writeFileSync(paths[2]!, gzipSync(archive));
      writeFileSync(paths[3]!, zstdCompressSync(archive));

      const loaded = [];
      for (const path of paths) loaded.push(...(await run(path)));

      expect(new Set(loaded.map(({ imageId }) => imageId)).size).toBe(1);
      expect(loaded[0]!.references).toEqual(["busybox:test"]);
      expect(getImage(database, loaded[0]!.imageId)?.config.Cmd).toEqual(["sh"]);
    },
  );

  rootTest(
    "brings in an OCI layout, as a folder and as an archive, and keeps its blobs as they are",
    async () => {
      using dir = tempDir("load-oci");
      const { database, layers, run } = openRoot(dir.path);
      const archive = join(dir.path, "oci.tar");
      Bun.spawnSync(["tar", "-C", ociLayout(), "-cf", archive, "."]);

      const [fromFolder] = await run(ociLayout());
      const [fromArchive] = await run(archive);

      expect(fromArchive).toEqual(fromFolder!);
      const index = JSON.parse(readFileSync(join(ociLayout(), "index.json"), "utf8"));
      const image = getImage(database, fromFolder!.imageId)!;
      expect(image.manifestDigest).toBe(index.manifests[0].digest);
      for (const hex of readdirSync(join(ociLayout(), "blobs/sha256"))) {
        expect(existsSync(join(dir.path, "image/blobs/sha256", hex))).toBe(true);
      }
      const [layer] = layersOf(database, image.id);
      expect(existsSync(join(layers.find(layer!)!.directory, "bin/busybox"))).toBe(true);
    },
  );

  rootTest("follows the links that old docker archives have between equal layers", async () => {
    using dir = tempDir("load-links");
    const { database, run } = openRoot(dir.path);
    const layer = tarOf({ path: "x", content: "x" });
    const config = {
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: Array(3).fill(digestOf(layer)) },
    };
    const path = join(dir.path, "saved.tar");
    writeFileSync(
      path,
      savedImage({
        config: JSON.stringify(config),
        layers: [
          { path: "one/layer.tar", content: layer },
          { path: "two/layer.tar", type: "symlink", linkPath: "../one/layer.tar" },
          { path: "three/layer.tar", type: "hardlink", linkPath: "one/layer.tar" },
        ],
        manifest: [
          {
            Config: "config.json",
            RepoTags: null,
            Layers: ["one/layer.tar", "two/layer.tar", "three/layer.tar"],
          },
        ],
      }),
    );

    const [loaded] = await run(path);

    expect(loaded!.references).toEqual([]);
    expect(layersOf(database, loaded!.imageId)).toHaveLength(3);
  });

  rootTest(
    "reads what docker 25 and later save, which is both formats at once, with all its names",
    async () => {
      using dir = tempDir("load-both");
      const { database, run } = openRoot(dir.path);
      const folder = join(dir.path, "both");
      cpSync(ociLayout("docker.io/library/both:1"), folder, { recursive: true });
      const { config, layers } = JSON.parse(readFileSync(join(folder, manifestPath(folder)), "utf8"));
      const blob = (digest: string) => `blobs/sha256/${digest.slice(7)}`;
      const saved = [
        { Config: blob(config.digest), RepoTags: ["both:1", "both:2"], Layers: [blob(layers[0].digest)] },
      ];
      writeFileSync(join(folder, "manifest.json"), JSON.stringify(saved));

      const [loaded] = await run(folder);

      expect(loaded!.references.toSorted()).toEqual(["both:1", "both:2"]);
      expect(referencesOf(database, loaded!.imageId)).toEqual([
        "docker.io/library/both:1",
        "docker.io/library/both:2",
      ]);
    },
  );

  rootTest("leads no link of a folder out of it", async () => {
    using dir = tempDir("load-escape");
    const { run } = openRoot(dir.path);
    const folder = join(dir.path, "folder");
    mkdirSync(folder);
    writeFileSync(join(dir.path, "manifest.json"), "[]");
    symlinkSync("../manifest.json", join(folder, "manifest.json"));
    symlinkSync(join(dir.path, "manifest.json"), join(folder, "index.json"));

    await expect(run(folder)).rejects.toThrow(/not an image/);
  });
});

describe("load refuses, in one line and with nothing left:", () => {
  const layer = tarOf({ path: "x" });
  const wrongDiffId = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [digestOf("other")] },
  });
  const windows = JSON.stringify({
    architecture: "amd64",
    os: "windows",
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  });
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["a file that is no archive", Buffer.from("hello ".repeat(200)), /this is no tar archive/],
    ["an empty file", Buffer.alloc(0), /it is empty/],
    [
      "an archive that is not an image",
      tarOf({ path: "readme", content: "x" }),
      /not an image.*manifest\.json nor index\.json/,
    ],
    ["an archive that was cut", savedImage().subarray(0, 2000), /middle of a/],
    ["a gzip archive that was cut", gzipSync(savedImage()).subarray(0, -20), /unexpected end of file/],
    [
      "a manifest.json that is not JSON",
      tarOf({ path: "manifest.json", content: "<html>" }),
      /manifest\.json.*HTML page/,
    ],
    ["a manifest.json of the wrong shape", savedImage({ manifest: [{ Layers: "x" }] }), /manifest\.json/],
    ["a layer that is missing", savedImage({ layers: [] }), /"abc\/layer\.tar", which is missing/],
    ["a layer that is another one", savedImage({ config: wrongDiffId }), /diffID is sha256:/],
    [
      "a layer that is a link to itself",
      savedImage({ layers: [{ path: "abc/layer.tar", type: "symlink", linkPath: "layer.tar" }] }),
      /missing/,
    ],
    ["a member that climbs", tarOf({ path: "../manifest.json", content: "[]" }), /climbs/],
    ["an image for another system", savedImage({ config: windows }), /made for windows/],
    ["a name that is no reference", savedImage({ tags: ["NOT a name"] }), /invalid reference format/],
    ["a hostile layer", hostile(), /climbs/],
  ];
  for (const [name, archive, reason] of cases) {
    rootTest(name, async () => {
      using dir = tempDir("load-bad");
      const { database, run, leftovers } = openRoot(dir.path);
      const path = join(dir.path, "saved.tar");
      writeFileSync(path, archive);

      await expect(run(path)).rejects.toThrow(reason);

      expect(leftovers()).toEqual([]);
      expect(listImages(database)).toEqual([]);
    });
  }

  rootTest("an OCI layout with a blob that is another one, or missing, or of another size", async () => {
    using dir = tempDir("load-blob");
    const { run, leftovers } = openRoot(dir.path);
    const folder = join(dir.path, "oci");
    for (const [spoil, reason] of [
      [(path: string) => rmSync(path), /blob sha256:\w+ is missing/],
      [(path: string) => writeFileSync(path, "short"), /has 5 bytes instead of/],
      [
        (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
        /has the digest sha256:/,
      ],
    ] as const) {
      cpSync(ociLayout(), folder, { recursive: true });
      spoil(join(folder, manifestPath(folder)));

      await expect(run(folder)).rejects.toThrow(reason);
      expect(leftovers()).toEqual([]);
      rmSync(folder, { recursive: true });
    }
  });

  rootTest("a path that does not exist", async () => {
    using dir = tempDir("load-missing");
    const { run } = openRoot(dir.path);

    await expect(run(join(dir.path, "none.tar"))).rejects.toThrow(/no such file or directory/);
  });

  rootTest("an image that has no such platform", async () => {
    using dir = tempDir("load-platform");
    const { run, leftovers } = openRoot(dir.path);

    await expect(run(dockerArchive(), { platform: "linux/s390x" })).rejects.toThrow(/but not linux\/s390x/);
    expect(leftovers()).toEqual([]);
  });
});

function manifestPath(layout: string): string {
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  return `blobs/sha256/${index.manifests[0].digest.slice(7)}`;
}

function hostile(): Uint8Array {
  const layer = tarOf({ path: "../../etc/passwd", content: "evil" });
  const config = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  return savedImage({ config: JSON.stringify(config), layers: [{ path: "abc/layer.tar", content: layer }] });
}
