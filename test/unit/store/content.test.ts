import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { digestOf } from "../../../src/spec/digest.ts";
import { ContentStore } from "../../../src/store/content.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { currentOwner, formatOwner, isAlive, parseOwner } from "../../../src/store/owner.ts";
import { tempDir } from "../../support/temp-dir.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encode(text);
}

function openStore(root: string): ContentStore {
  return new ContentStore(storePaths(root));
}

test("a blob appears under its digest once it is complete", async () => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  const digest = digestOf("hello world");
  const seen: number[] = [];
  {
    using blob = await content.ingest({ digest, sizeBytes: 11 }, chunksOf("hello ", "world"), (n) =>
      seen.push(n),
    );
    expect(readFileSync(blob.path, "utf8")).toBe("hello world");
    expect(content.has(digest)).toBe(false);
    await blob.commit();
    await blob.commit();
  }
  expect(seen).toEqual([6, 5]);
  expect(content.has(digest, 11)).toBe(true);
  expect(content.has(digest, 12)).toBe(false);
  expect(readFileSync(`${dir.path}/image/blobs/sha256/${digest.slice(7)}`, "utf8")).toBe("hello world");
  expect(readFileSync(`${dir.path}/image/oci-layout`, "utf8")).toBe('{"imageLayoutVersion":"1.0.0"}');
  expect(new TextDecoder().decode(content.read(digest, 100))).toBe("hello world");
  expect(content.list()).toEqual([digest]);
});

test("a sha512 blob is kept like any other", async () => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  const digest = digestOf("x", "sha512");
  using blob = await content.ingest({ digest, sizeBytes: 1 }, chunksOf("x"));
  await blob.commit();
  expect(content.list()).toEqual([digest]);
  expect(content.read(digest, 1)).toHaveLength(1);
});

test.each([
  ["longer", ["hello", " world!"], "longer than the announced 11 bytes"],
  ["shorter", ["hello"], "5 bytes instead of 11"],
  ["other", ["hello", " World"], "the bytes received have the digest sha256:"],
])("bytes that are %s than expected leave nothing", async (_, texts, message) => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  const expected = { digest: digestOf("hello world"), sizeBytes: 11 };
  await expect(content.ingest(expected, chunksOf(...texts))).rejects.toThrow(message);
  expect(content.list()).toEqual([]);
  const [own] = readdirSync(`${dir.path}/image/ingest`);
  expect(readdirSync(`${dir.path}/image/ingest/${own}`)).toEqual([]);
});

test("a source that fails leaves nothing, and its error comes through", async () => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  const failing = (async function* () {
    yield encode("hello");
    throw new Error("cut off");
  })();
  await expect(content.ingest({ digest: digestOf("hello world"), sizeBytes: 11 }, failing)).rejects.toThrow(
    "cut off",
  );
  expect(content.list()).toEqual([]);
});

test("two that bring the same blob both succeed, and a damaged file is replaced", async () => {
  using dir = tempDir("content");
  using first = openStore(dir.path);
  using second = openStore(dir.path);
  const digest = digestOf("same");
  const bring = async (store: ContentStore) => {
    using blob = await store.ingest({ digest, sizeBytes: 4 }, chunksOf("same"));
    await blob.commit();
  };
  await Promise.all([bring(first), bring(second)]);
  writeFileSync(first.path(digest), "sa");
  await bring(first);
  expect(readFileSync(first.path(digest), "utf8")).toBe("same");
});

test("reading finds damage, absence and excess", async () => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  const digest = await content.putBytes(encode("hello"));
  expect(() => content.read(digest, 4)).toThrow("more than 4");
  expect(() => content.read(digestOf("absent"), 4)).toThrow("not in the store");
  writeFileSync(content.path(digest), "hellO");
  expect(() => content.read(digest, 5)).toThrow("damaged");
  content.delete(digest);
  content.delete(digest);
  expect(content.has(digest)).toBe(false);
});

test("what dead processes left is swept, and living ones are noticed", () => {
  using dir = tempDir("content");
  using content = openStore(dir.path);
  content.begin();
  const ingest = `${dir.path}/image/ingest`;
  const owner = currentOwner();
  const dead = formatOwner({ ...owner, startTicks: owner.startTicks + 1 });
  mkdirSync(`${ingest}/${dead}-abc`);
  writeFileSync(`${ingest}/stray`, "");
  expect(content.sweepIngest()).toBe(false);
  expect(readdirSync(ingest)).toHaveLength(1);
  using other = openStore(dir.path);
  other.begin();
  expect(content.sweepIngest()).toBe(true);
  content[Symbol.dispose]();
  expect(other.sweepIngest()).toBe(false);
  expect(existsSync(`${ingest}/${dead}-abc`)).toBe(false);
});

test("a process is known by its number and start time", () => {
  const owner = currentOwner();
  expect(isAlive(owner)).toBe(true);
  expect(isAlive({ ...owner, startTicks: owner.startTicks - 1 })).toBe(false);
  expect(parseOwner(`${formatOwner(owner)}-suffix`)).toEqual(owner);
  expect(parseOwner("layer")).toBeUndefined();
});
