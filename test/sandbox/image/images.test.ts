import type { Database } from "bun:sqlite";
import { describe, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { inspectImage } from "../../../src/image/inspect.ts";
import { listSummaries } from "../../../src/image/list.ts";
import { pull } from "../../../src/image/pull.ts";
import { removeImage } from "../../../src/image/remove.ts";
import { findImage } from "../../../src/image/resolve.ts";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { putTag } from "../../../src/store/images.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { rootTest } from "../../support/machine.ts";
import { type PushedImage, type TestImage, TestRegistry } from "../../support/registry.ts";
import { tempDir } from "../../support/temp-dir.ts";

const BASE = { files: { "etc/base": "base" } };

/** A data root with images from a registry that is gone. */
async function rootWith(images: Readonly<Record<string, TestImage>>) {
  const dir = tempDir("images");
  using registry = new TestRegistry();
  const database = openDatabase(dir.path);
  const target = new LayerUnpacker(new LayerStore(database, storePaths(dir.path)));
  const pushed: Record<string, PushedImage> = {};
  for (const [tag, image] of Object.entries(images)) {
    pushed[tag] = await registry.push(image, tag);
    await pull(`${registry.host}/a/b:${tag}`, {
      rootDir: dir.path,
      database,
      target,
      registry: { userAgent: "x" },
    });
  }
  return {
    root: dir.path,
    database,
    pushed,
    name: `${registry.host}/a/b`,
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

function addContainer(database: Database, imageId: string, phase = "exited"): string {
  const id = new Bun.CryptoHasher("sha256").update(imageId + phase).digest("hex");
  database.run(
    "INSERT INTO containers (id, name, image_id, phase, created_at, config) VALUES (?1, ?1, ?2, ?3, '', '{}')",
    [id, imageId, phase],
  );
  return id.slice(0, 12);
}

const NONE = { force: false };
const FORCE = { force: true };

describe("removing an image", () => {
  rootTest("by its only name takes its digest, layers and blobs, but not what others use", async () => {
    using has = await rootWith({ one: { layers: [BASE] }, two: { layers: [BASE, { files: { two: "" } }] } });
    const { digest, config } = has.pushed.two!;
    const lines = removeImage(has.database, has.root, `${has.name}:two`, NONE);
    expect(lines.slice(0, 3)).toEqual([
      `Untagged: ${has.name}:two`,
      `Untagged: ${has.name}@${digest}`,
      `Deleted: ${config.digest}`,
    ]);
    expect(lines[3]).toMatch(/^Deleted: sha256:[0-9a-f]{64}$/);
    expect(lines).toHaveLength(4);
    expect(readdirSync(`${has.root}/layers`)).toHaveLength(1);
    expect(readdirSync(`${has.root}/image/blobs/sha256`)).toHaveLength(3);
    removeImage(has.database, has.root, has.pushed.one!.config.digest, NONE);
    expect(readdirSync(`${has.root}/layers`)).toEqual([]);
    expect(readdirSync(`${has.root}/image/blobs/sha256`)).toEqual([]);
  });

  rootTest("by one of several names only removes the name", async () => {
    using has = await rootWith({ one: { layers: [BASE] } });
    putTag(has.database, "docker.io/library/other:1", has.pushed.one!.config.digest);
    expect(removeImage(has.database, has.root, "other:1", NONE)).toEqual(["Untagged: other:1"]);
    expect(listSummaries(has.database)).toHaveLength(1);
  });

  rootTest("by ID with several names needs force", async () => {
    using has = await rootWith({ one: { layers: [BASE] } });
    const id = has.pushed.one!.config.digest;
    putTag(has.database, "docker.io/library/other:1", id);
    const short = id.slice(7, 19);
    expect(() => removeImage(has.database, has.root, short, NONE)).toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    );
    expect(removeImage(has.database, has.root, short, FORCE)).toContain(`Deleted: ${id}`);
  });

  rootTest("that a container was made from is a conflict, and forced it only loses its name", async () => {
    using has = await rootWith({ one: { layers: [BASE] } });
    const id = has.pushed.one!.config.digest;
    const container = addContainer(has.database, id);
    const short = id.slice(7, 19);
    expect(() => removeImage(has.database, has.root, `${has.name}:one`, NONE)).toThrow(
      `conflict: unable to remove repository reference "${has.name}:one" (must force) - container ${container} is using its referenced image ${short}`,
    );
    expect(() => removeImage(has.database, has.root, id, NONE)).toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${container}`,
    );
    expect(removeImage(has.database, has.root, id, FORCE)).toHaveLength(2);
    expect(listSummaries(has.database)).toMatchObject([{ id, tags: [] }]);
    expect(findImage(has.database, has.root, id).layerDirectories).toHaveLength(1);
  });

  rootTest("of a running container cannot be forced", async () => {
    using has = await rootWith({ one: { layers: [BASE] } });
    const id = has.pushed.one!.config.digest;
    const container = addContainer(has.database, id, "started");
    const message = `(cannot be forced) - image is being used by running container ${container}`;
    expect(() => removeImage(has.database, has.root, id, FORCE)).toThrow(message);
    expect(() =>
      removeImage(has.database, has.root, id, { force: true, isRunning: () => false }),
    ).not.toThrow();
  });

  rootTest("that does not exist says so", async () => {
    using has = await rootWith({});
    expect(() => removeImage(has.database, has.root, "nothing", FORCE)).toThrow(
      "No such image: nothing:latest",
    );
  });
});

describe("listing images", () => {
  rootTest("filters by name, label, age and whether they have a name", async () => {
    using has = await rootWith({
      old: { layers: [BASE], created: "2020-01-01T00:00:00Z", config: { Labels: { a: "1" } } },
      new: { layers: [BASE], created: "2021-01-01T00:00:00Z" },
    });
    const { database, name } = has;
    const list = (filters: Record<string, string[]>, text?: string) =>
      listSummaries(database, { filters: new Map(Object.entries(filters)), name: text }).flatMap(
        ({ tags }) => tags,
      );
    const [older, newer] = [`${name}:old`, `${name}:new`];
    expect(list({})).toEqual([newer, older]);
    expect(list({ label: ["a"] })).toEqual([older]);
    expect(list({ label: ["a=1"] })).toEqual([older]);
    expect(list({ label: ["a=2"] })).toEqual([]);
    expect(list({ before: [newer] })).toEqual([older]);
    expect(list({ since: [older] })).toEqual([newer]);
    expect(list({ reference: ["*/a/b:o*"] })).toEqual([older]);
    expect(list({}, name)).toEqual([newer, older]);
    expect(list({}, "a")).toEqual([]);
    expect(list({ dangling: ["true"] })).toEqual([]);
    expect(list({ dangling: ["false"] })).toHaveLength(2);
    expect(() => list({ colour: ["red"] })).toThrow("invalid filter 'colour'");
    expect(() => list({ dangling: ["perhaps"] })).toThrow("dangling=perhaps");
  });
});

rootTest("inspect shows docker's keys", async () => {
  using has = await rootWith({ one: { layers: [BASE], config: { Env: ["A=b"], Labels: { l: "v" } } } });
  const { config, digest } = has.pushed.one!;
  expect(inspectImage(has.database, has.root, `${has.name}:one`)).toMatchObject({
    Id: config.digest,
    RepoTags: [`${has.name}:one`],
    RepoDigests: [`${has.name}@${digest}`],
    Created: "2024-01-01T00:00:00Z",
    Config: { Env: ["A=b"], Cmd: ["sh"], Labels: { l: "v" }, Entrypoint: null },
    Os: "linux",
    Size: 4,
    RootFS: { Type: "layers", Layers: [expect.stringMatching(/^sha256:/)] },
  });
});

describe("a folder as image", () => {
  rootTest("is its real path, with a shell as its command", async () => {
    using dir = tempDir("folder");
    const database = openDatabase(`${dir.path}/root`);
    expect(findImage(database, dir.path, `dir:${dir.path}/root/..`)).toMatchObject({
      id: `dir:${dir.path}`,
      layerDirectories: [dir.path],
      config: { Cmd: ["/bin/sh"] },
    });
    expect(listSummaries(database)).toEqual([]);
    expect(() => findImage(database, dir.path, "dir:/no/such")).toThrow("does not exist");
    expect(() => findImage(database, dir.path, "dir:/etc/passwd")).toThrow("is not a folder");
  });
});
