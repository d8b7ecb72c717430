import type { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { type ChainId, chainIds } from "../../../src/spec/chain-id.ts";
import { type Digest, digestOf } from "../../../src/spec/digest.ts";
import { MediaType } from "../../../src/spec/media-type.ts";
import { ContentStore } from "../../../src/store/content.ts";
import { openDatabase } from "../../../src/store/database.ts";
import * as images from "../../../src/store/images.ts";
import { layerDirectoryName, storePaths } from "../../../src/store/layout.ts";
import { everything, leftoverLayerFolders, releaseUnreferenced } from "../../../src/store/release.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ALPINE = "docker.io/library/alpine:latest";

function addLayer(database: Database, root: string, chainId: ChainId): void {
  const directory = layerDirectoryName(chainId);
  mkdirSync(`${root}/layers/${directory}`, { recursive: true });
  database
    .query("INSERT OR IGNORE INTO layers VALUES (?, ?, ?, NULL, 10, '')")
    .run(chainId, directory, chainId);
}

function newImage(name: string, layers: readonly ChainId[], blobs: readonly Digest[] = []): images.NewImage {
  return {
    id: digestOf(name),
    manifestDigest: digestOf(`manifest of ${name}`),
    manifestType: MediaType.OCI_MANIFEST,
    manifestBytes: 1,
    platform: "linux/amd64",
    sizeBytes: 10,
    createdAt: "2024-01-01T00:00:00Z",
    config: { Cmd: ["sh"] },
    layers,
    blobs,
  };
}

test("an image is found by name, ID, prefix and digest", () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  const [lower, upper] = chainIds([digestOf("a"), digestOf("b")]) as [ChainId, ChainId];
  for (const layer of [lower, upper]) addLayer(database, dir.path, layer);
  const image = newImage("x", [lower, upper]);
  images.putImage(database, image);
  images.putTag(database, ALPINE, image.id);
  images.putTag(database, `docker.io/library/alpine@${digestOf("index")}`, image.id);

  const hex = image.id.slice(7);
  for (const text of [
    "alpine",
    "alpine:latest",
    "docker.io/library/alpine",
    image.id,
    hex,
    hex.slice(0, 12),
    `sha256:${hex.slice(0, 5)}`,
    image.manifestDigest,
    `alpine@${digestOf("index")}`,
    `alpine@${image.manifestDigest}`,
  ]) {
    expect(images.findImageRecord(database, text).id).toBe(image.id);
  }
  expect(images.findImageRecord(database, "alpine").config).toEqual({ Cmd: ["sh"] });
  expect(images.layerDirectoriesOf(database, image.id)).toEqual([upper, lower].map(layerDirectoryName));
  for (const text of [
    "alpine:3",
    "busybox",
    `busybox@${image.manifestDigest}`,
    "Alpine",
    "",
    "g",
    digestOf("no"),
  ]) {
    expect(images.findImageId(database, text)).toBeUndefined();
  }
  expect(() => images.findImageRecord(database, "busybox")).toThrow("No such image: busybox:latest");
});

test("an ID prefix that fits two images is refused", () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  const hexes = new Map<string, string>();
  for (let n = 0; ; n++) {
    const first = digestOf(String(n)).slice(7, 8);
    images.putImage(database, newImage(String(n), []));
    if (hexes.has(first)) {
      expect(() => images.findImageId(database, first)).toThrow("multiple IDs found with provided prefix");
      return;
    }
    hexes.set(first, String(n));
  }
});

test("a tag that moves leaves the old image dangling", () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  const [old, next] = [newImage("old", []), newImage("next", [])];
  for (const image of [old, next]) {
    images.putImage(database, image);
    images.putTag(database, ALPINE, image.id);
  }
  expect(images.referencesOf(database, old.id)).toEqual([]);
  expect(images.referencesOf(database, next.id)).toEqual([ALPINE]);
  expect(images.listImages(database)).toHaveLength(2);
});

test("registering an image again keeps its tags, containers and layers", () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  const layers = chainIds([digestOf("a")]);
  addLayer(database, dir.path, layers[0]!);
  const image = newImage("x", layers, [digestOf("gzip")]);
  images.putImage(database, image);
  images.putTag(database, ALPINE, image.id);
  database.run(
    "INSERT INTO containers (id, name, image_id, phase, created_at, config) VALUES ('c', 'c', ?, 'created', '', '{}')",
    [image.id],
  );
  images.putImage(database, { ...image, manifestDigest: digestOf("other"), blobs: [digestOf("zstd")] });
  expect(images.referencesOf(database, image.id)).toEqual([ALPINE]);
  expect(images.containersOf(database, image.id)).toEqual([{ id: "c", phase: "created" }]);
  expect(images.getImage(database, image.id)?.manifestDigest).toBe(digestOf("other"));
  expect(() => images.deleteImage(database, image.id)).toThrow("FOREIGN KEY");
});

test("a release takes what no image refers to, and nothing else", async () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  using content = new ContentStore(storePaths(dir.path));
  const [shared, own] = chainIds([digestOf("a"), digestOf("b")]) as [ChainId, ChainId];
  for (const layer of [shared, own]) addLayer(database, dir.path, layer);
  const [sharedBlob, ownBlob] = [
    await content.putBytes(Buffer.from("s")),
    await content.putBytes(Buffer.from("o")),
  ];
  const [kept, gone] = [
    newImage("kept", [shared], [sharedBlob]),
    newImage("gone", [shared, own], [sharedBlob, ownBlob]),
  ];
  for (const image of [kept, gone]) images.putImage(database, image);

  expect(releaseUnreferenced(database, content, everything(database, content)).layers).toEqual([]);
  images.deleteImage(database, gone.id);
  const released = releaseUnreferenced(database, content, everything(database, content));
  expect(released).toMatchObject({ layers: [own], blobs: [ownBlob] });
  expect(content.list()).toEqual([sharedBlob]);
  expect(released.trash.map((path) => existsSync(path))).toEqual([true]);
  expect(existsSync(`${dir.path}/layers/${layerDirectoryName(own)}`)).toBe(false);
  expect(images.layerDirectoriesOf(database, kept.id)).toEqual([layerDirectoryName(shared)]);
});

test("folders without a row or with a dead owner are leftovers", () => {
  using dir = tempDir("images");
  const database = openDatabase(dir.path);
  const [known, orphan] = chainIds([digestOf("a"), digestOf("b")]) as [ChainId, ChainId];
  addLayer(database, dir.path, known);
  mkdirSync(`${dir.path}/layers/${layerDirectoryName(orphan)}`);
  mkdirSync(`${dir.path}/layers/.tmp-999999999-1-x`);
  const leftovers = leftoverLayerFolders(database, storePaths(dir.path));
  expect(leftovers).toHaveLength(2);
  const left = readdirSync(`${dir.path}/layers`).filter((name) => !name.startsWith(".tmp-"));
  expect(left).toEqual([layerDirectoryName(known)]);
});
