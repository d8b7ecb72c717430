import { describe, expect, test } from "bun:test";
import type { TarEntry } from "../../../src/archive/entry.ts";
import { TarError } from "../../../src/archive/tar-error.ts";
import { TAR_LIMITS, TarReader } from "../../../src/archive/tar-reader.ts";
import { paxHeader } from "../../../src/archive/tar-writer.ts";
import { headerWithBody, partBytes, rawHeader, tarOf, tarWithoutEnd } from "../../support/tar-archive.ts";

interface ReadEntry extends TarEntry {
  readonly content: string;
}

/** Reads an archive fed in chunks of one size. */
function read(archive: Uint8Array, chunkBytes = archive.length || 1): ReadEntry[] {
  const entries: ReadEntry[] = [];
  let parts: Uint8Array[] = [];
  let current: TarEntry | undefined;
  const reader = new TarReader({
    begin(entry) {
      current = entry;
      parts = [];
    },
    content(bytes) {
      parts.push(bytes.slice());
    },
    end() {
      entries.push({ ...current!, content: Buffer.concat(parts).toString("latin1") });
    },
  });
  for (let i = 0; i < archive.length; i += chunkBytes) reader.push(archive.subarray(i, i + chunkBytes));
  reader.end();
  return entries;
}

const only = (archive: Uint8Array): ReadEntry => {
  const entries = read(archive);
  expect(entries).toHaveLength(1);
  return entries[0]!;
};
const pathOf = (entry: TarEntry) => Buffer.from(entry.path).toString("latin1");
const pax = (records: Readonly<Record<string, string>>, type: "x" | "g" = "x") =>
  paxHeader(
    new Map(Object.entries(records).map(([key, value]) => [key, Buffer.from(value, "latin1")])),
    type,
  );
const ADVENTURE = tarOf(
  { path: "dir", type: "directory", mode: 0o2755 },
  {
    path: `dir/${"long-name-".repeat(30)}`,
    content: "x".repeat(1500),
    uid: 3_000_000,
    xattrs: new Map([["user.a", Buffer.from("1")]]),
  },
  { path: "dir/link", type: "symlink", linkPath: "y".repeat(150) },
  { path: "dir/empty", modifiedAt: { seconds: 1_700_000_000n, nanoseconds: 123_456_789 } },
);

describe("TarReader", () => {
  test("reads the same entries whatever the size of the chunks it is fed", () => {
    const whole = read(ADVENTURE);

    expect(whole.map((entry) => entry.type)).toEqual(["directory", "file", "symlink", "file"]);
    expect(whole[1]!.content).toBe("x".repeat(1500));
    for (const chunkBytes of [1, 7, 511, 512, 513, 4096]) expect(read(ADVENTURE, chunkBytes)).toEqual(whole);
  });

  test("reads every field that the writer writes", () => {
    const entry = read(ADVENTURE)[1]!;

    expect(pathOf(entry)).toBe(`dir/${"long-name-".repeat(30)}`);
    expect(entry.uid).toBe(3_000_000);
    expect(Buffer.from(entry.xattrs.get("user.a")!).toString()).toBe("1");
    expect(read(ADVENTURE)[3]!.modifiedAt).toEqual({ seconds: 1_700_000_000n, nanoseconds: 123_456_789 });
    expect(read(ADVENTURE)[0]!.mode).toBe(0o2755);
  });

  test("joins ustar's prefix and name, and leaves the bytes there alone in GNU's format", () => {
    const prefix = { 345: "some/prefix\0" };

    expect(pathOf(only(tarOf(rawHeader({}, prefix))))).toBe("some/prefix/file");
    expect(pathOf(only(tarOf(rawHeader({}, { ...prefix, 257: "ustar  \0" }))))).toBe("file");
  });

  test("keeps the bytes of a name that is not UTF-8", () => {
    expect(only(tarOf({ path: Uint8Array.of(0x66, 0xff, 0xfe) })).path).toEqual(
      Uint8Array.of(0x66, 0xff, 0xfe),
    );
  });

  test("reads GNU long names and long links, and a pax path over them", () => {
    const long = "n".repeat(300);
    const link = rawHeader({ typeFlag: "2", linkPath: Buffer.from("short") });

    const named = only(tarOf(headerWithBody("L", `${long}\0`), headerWithBody("K", `${long}\0`), link));
    expect(pathOf(named)).toBe(long);
    expect(Buffer.from(named.linkPath).toString()).toBe(long);
    expect(pathOf(only(tarOf(headerWithBody("L", long), pax({ path: "pax" }), rawHeader())))).toBe("pax");
  });

  test("reads numbers in base 256", () => {
    const size = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3);
    const before1970 = Uint8Array.from([
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    ]);
    const block = rawHeader(
      {},
      { 124: size, 136: before1970, 108: Uint8Array.of(0x80, 0, 0, 0, 0, 0x40, 0, 0) },
    );

    const entry = only(tarOf(block, partBytes(Buffer.from(`abc${"\0".repeat(509)}`))));
    expect(entry).toMatchObject({
      content: "abc",
      uid: 0x400000,
      modifiedAt: { seconds: -2n, nanoseconds: 0 },
    });
  });

  test("accepts a checksum over signed bytes, as old programs wrote it", () => {
    const block = rawHeader({ path: Uint8Array.of(0xe9, 0xe8) });
    let sum = 8 * 0x20;
    for (const [i, byte] of block.entries()) if (i < 148 || i >= 156) sum += (byte << 24) >> 24;
    block.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);

    expect(only(tarOf(block)).path).toEqual(Uint8Array.of(0xe9, 0xe8));
  });

  test("takes a time apart as text: no nanosecond is lost, and times before 1970 count down", () => {
    const time = (mtime: string) => only(tarOf(pax({ mtime }), rawHeader())).modifiedAt;

    expect(time("1700000000.123456789")).toEqual({ seconds: 1_700_000_000n, nanoseconds: 123_456_789 });
    expect(time("1700000000.1234567891")).toEqual({ seconds: 1_700_000_000n, nanoseconds: 123_456_789 });
    expect(time("-1.25")).toEqual({ seconds: -2n, nanoseconds: 750_000_000 });
    expect(time("12.")).toEqual({ seconds: 12n, nanoseconds: 0 });
  });

  test("applies global headers until they are changed, and an entry's own records over them", () => {
    const archive = tarOf(
      pax({ uid: "7", gid: "8" }, "g"),
      rawHeader(),
      pax({ uid: "9" }),
      rawHeader(),
      pax({ gid: "" }, "g"),
      rawHeader({ gid: 3 }),
    );

    expect(read(archive).map(({ uid, gid }) => [uid, gid])).toEqual([
      [7, 8],
      [9, 8],
      [7, 3],
    ]);
  });

  test("reads libarchive's extended attributes: name URL-encoded, value in base 64", () => {
    const { xattrs } = only(tarOf(pax({ "LIBARCHIVE.xattr.user.a%20b": "AAEC" }), rawHeader()));

    expect([...xattrs]).toEqual([["user.a b", Buffer.from([0, 1, 2])]]);
  });

  test("keeps an extended attribute whose value is empty or holds newlines and NULs", () => {
    const { xattrs } = only(
      tarOf({
        path: "f",
        xattrs: new Map([
          ["user.empty", Buffer.alloc(0)],
          ["user.raw", Buffer.from("a\n\0=b")],
        ]),
      }),
    );

    expect(xattrs.get("user.empty")).toHaveLength(0);
    expect(Buffer.from(xattrs.get("user.raw")!).toString()).toBe("a\n\0=b");
  });

  test("takes a file whose name ends in a slash for a folder, as before ustar", () => {
    expect(only(tarOf(rawHeader({ path: Buffer.from("old/"), typeFlag: "\0" })))).toMatchObject({
      type: "directory",
    });
  });

  test("ignores the size of what has no content, as Go's reader does", () => {
    const archive = tarOf(rawHeader({ typeFlag: "5", size: 4096 }), rawHeader({ path: Buffer.from("next") }));

    expect(read(archive).map(pathOf)).toEqual(["file", "next"]);
  });

  test("accepts an archive without an end marker, and ignores all that follows one", () => {
    expect(read(tarWithoutEnd({ path: "a", content: "b" }))).toHaveLength(1);
    expect(read(Buffer.concat([tarOf({ path: "a" }), Buffer.from("trailing bytes")]))).toHaveLength(1);
    expect(read(new Uint8Array(0))).toEqual([]);
  });
});

describe("TarReader refuses", () => {
  const refused: readonly (readonly [what: string, archive: Uint8Array, reason: RegExp])[] = [
    [
      "bytes that are no archive",
      Buffer.from("#!/bin/sh\n".padEnd(1024, "x")),
      /wrong checksum, or this is no tar/,
    ],
    ["a header changed after its checksum", changed(rawHeader(), 0), /wrong checksum/],
    ["an end in the middle of a header", rawHeader().subarray(0, 100), /middle of a header/],
    [
      "an end in the middle of a file",
      partBytes({ path: "f", content: "abc" }).subarray(0, 514),
      /middle of a file/,
    ],
    ["an end after an extended header", tarOf(pax({ path: "x" })), /after an extended header/],
    ["a stream that ends after one", tarWithoutEnd(headerWithBody("L", "x")), /after an extended header/],
    [
      "a lone zero block in the middle",
      tarOf(rawHeader(), new Uint8Array(512), rawHeader()),
      /lone block of zeros/,
    ],
    [
      "a negative size",
      tarOf(rawHeader({}, { 124: new Uint8Array(12).fill(0xff) })),
      /size of "file" is out of range/,
    ],
    [
      "a size beyond 4 TiB",
      tarOf(pax({ size: "9007199254740993" }), rawHeader()),
      /size of "file" is out of range/,
    ],
    ["a size that is no number", tarOf(pax({ size: "12x" }), rawHeader()), /size of "file" is out of range/],
    ["a size of letters", tarOf(rawHeader({}, { 124: "zzzzzzzzzzz\0" })), /size of "file" is out of range/],
    [
      "a user of -1, which chown takes for no change",
      tarOf(pax({ uid: "4294967295" }), rawHeader()),
      /user of "file"/,
    ],
    ["a negative group", tarOf(pax({ gid: "-1" }), rawHeader()), /group of "file"/],
    ["a time that is no number", tarOf(pax({ mtime: "soon" }), rawHeader()), /time of "file"/],
    ["a GNU sparse file", tarOf(rawHeader({ typeFlag: "S" })), /sparse file, which is not supported/],
    ["a pax sparse file", tarOf(pax({ "GNU.sparse.major": "1" }), rawHeader()), /sparse file/],
    ["a multi-volume part", tarOf(rawHeader({ typeFlag: "M" })), /multi-volume/],
    ["an unknown type", tarOf(rawHeader({ typeFlag: "Z" })), /of type "Z"/],
    [
      "a path longer than the kernel takes",
      tarOf(headerWithBody("L", "p".repeat(4096)), rawHeader()),
      /path is longer/,
    ],
    ["a pax path with a NUL", tarOf(pax({ path: "a\0b" }), rawHeader()), /path contains a NUL/],
    [
      "a pax link target with a NUL",
      tarOf(pax({ linkpath: "a\0b" }), rawHeader({ typeFlag: "2" })),
      /link contains a NUL/,
    ],
    ["a symbolic link to nothing", tarOf(rawHeader({ typeFlag: "2" })), /has no target/],
    [
      "an extended header larger than 1 MiB",
      rawHeader({ typeFlag: "x", size: TAR_LIMITS.headerBytes + 1 }),
      /1 MiB/,
    ],
    ["a long name larger than 1 MiB", rawHeader({ typeFlag: "L", size: 2 ** 30 }), /1 MiB/],
    [
      "an extended header of negative size",
      rawHeader({ typeFlag: "x" }, { 124: new Uint8Array(12).fill(0xff) }),
      /size/,
    ],
    ["a pax record without a length", tarOf(headerWithBody("x", "path=x\n"), rawHeader()), /no length/],
    [
      "a pax record longer than its header",
      tarOf(headerWithBody("x", "99 path=x\n"), rawHeader()),
      /wrong length/,
    ],
    ["a pax record of length zero", tarOf(headerWithBody("x", "0 path=x\n"), rawHeader()), /wrong length/],
    [
      "a pax record with an endless length",
      tarOf(headerWithBody("x", `${"9".repeat(400)} a=b\n`), rawHeader()),
      /no length/,
    ],
    ["a pax record without a key", tarOf(headerWithBody("x", "6 =ab\n"), rawHeader()), /no key/],
    ["a pax record without an end", tarOf(headerWithBody("x", "8 a=bcde"), rawHeader()), /newline/],
    [
      "a global path, which renames every file",
      tarOf(pax({ path: "x" }, "g"), rawHeader()),
      /global header sets path/,
    ],
    [
      "a global size, which readers disagree on",
      tarOf(pax({ size: "0" }, "g"), rawHeader()),
      /global header sets size/,
    ],
  ];
  for (const [what, archive, reason] of refused) {
    test(what, () => {
      expect(() => read(archive)).toThrow(TarError);
      expect(() => read(archive)).toThrow(reason);
      expect(() => read(archive, 100)).toThrow(reason);
    });
  }
});

/** The block with one byte changed. */
function changed(block: Uint8Array, offset: number): Uint8Array {
  const copy = block.slice();
  copy[offset]!++;
  return copy;
}
