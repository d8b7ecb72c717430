import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { unpackBlob } from "../../../src/image/unpack-blob.ts";
import { openDirectory } from "../../../src/kernel/directory.ts";
import { hostileLayers } from "../../support/hostile-layers.ts";
import { rootTest } from "../../support/machine.ts";
import { type ArchivePart, tarOf } from "../../support/tar-archive.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** Unpacks an archive to a folder `layer` of `dir`, beside whatever else is there. */
async function unpack(dir: TempDir, archive: Uint8Array) {
  const blobPath = join(dir.path, "layer.tar");
  const folder = join(dir.path, "layer");
  writeFileSync(blobPath, archive);
  mkdirSync(folder);
  const expectedDiffId = `sha256:${createHash("sha256").update(archive).digest("hex")}`;
  return { folder, ...(await unpackBlob({ blobPath, folder, expectedDiffId }, () => {})) };
}

const unpackParts = (dir: TempDir, ...parts: readonly ArchivePart[]) => unpack(dir, tarOf(...parts));

function isWhiteout(path: string): boolean {
  const status = lstatSync(path);
  return status.isCharacterDevice() && status.rdev === 0;
}

function opaqueXattr(folder: string, path: string): string | undefined {
  using directory = openDirectory(folder);
  const value = directory.getXattr(path, "trusted.overlay.opaque");
  return value === undefined ? undefined : Buffer.from(value).toString();
}

describe("a hostile layer reaches nothing outside its folder:", () => {
  for (const { name } of hostileLayers("/nowhere")) {
    rootTest(name, async () => {
      using dir = tempDir("hostile");
      const outside = join(dir.path, "outside");
      mkdirSync(outside, { mode: 0o755 });
      writeFileSync(join(outside, "secret"), "secret");
      const before = picture(outside);
      const layer = hostileLayers(outside).find((candidate) => candidate.name === name)!;

      const outcome = unpack(dir, layer.archive);

      if (layer.refused === undefined) await outcome;
      else await expect(outcome).rejects.toThrow(layer.refused);
      expect(picture(outside)).toEqual(before);
      expect(readdirSync(dir.path).sort()).toEqual(["layer", "layer.tar", "outside"]);
      expect(statSync(dir.path).mode & 0o7777).toBe(0o700);
    });
  }
});

/** All there is to see of a folder and its files. */
function picture(folder: string) {
  using directory = openDirectory(folder);
  const names = [".", ...readdirSync(folder).sort()];
  const content = readFileSync(join(folder, "secret"), "utf8");
  return {
    content,
    files: names.map((name) => ({ name, ...directory.stat(name), xattrs: directory.listXattrs(name) })),
  };
}

describe("attributes", () => {
  rootTest("setuid, setgid and sticky survive the change of owner, on folders too", async () => {
    using dir = tempDir("modes");
    const { folder } = await unpackParts(
      dir,
      { path: "suid", mode: 0o4755, uid: 1000, gid: 1000, content: "x" },
      { path: "sgid", type: "directory", mode: 0o2775, uid: 0, gid: 50 },
      { path: "tmp", type: "directory", mode: 0o1777 },
    );

    expect(lstatSync(join(folder, "suid"))).toMatchObject({ mode: 0o104755, uid: 1000, gid: 1000 });
    expect(lstatSync(join(folder, "sgid"))).toMatchObject({ mode: 0o42775, gid: 50 });
    expect(lstatSync(join(folder, "tmp")).mode).toBe(0o41777);
  });

  rootTest("modes do not depend on the umask, nor groups on a folder with setgid", async () => {
    using dir = tempDir("umask");
    const before = process.umask(0o077);
    try {
      const { folder } = await unpackParts(
        dir,
        { path: "d", type: "directory", mode: 0o2777, gid: 50 },
        { path: "d/f", mode: 0o666, content: "x" },
        { path: "p", type: "fifo", mode: 0o622 },
        { path: "implied/f" },
      );

      expect(lstatSync(join(folder, "d/f"))).toMatchObject({ mode: 0o100666, gid: 0 });
      expect(lstatSync(join(folder, "p")).mode).toBe(0o10622);
      expect(lstatSync(join(folder, "implied")).mode).toBe(0o40755);
    } finally {
      process.umask(before);
    }
  });

  rootTest("times are kept to the nanosecond, before 1970 and on folders that are filled later", async () => {
    using dir = tempDir("times");
    const time = { seconds: 1_700_000_000n, nanoseconds: 123_456_789 };
    const old = { seconds: -2n, nanoseconds: 500_000_000 };
    const { folder } = await unpackParts(
      dir,
      { path: "d", type: "directory", modifiedAt: time },
      { path: "d/f", content: "x", modifiedAt: old },
      { path: "d/l", type: "symlink", linkPath: "f", modifiedAt: time },
    );

    const nanoseconds = (name: string) => lstatSync(join(folder, name), { bigint: true }).mtimeNs;
    expect(nanoseconds("d")).toBe(1_700_000_000_123_456_789n);
    expect(nanoseconds("d/l")).toBe(1_700_000_000_123_456_789n);
    expect(nanoseconds("d/f")).toBe(-1_500_000_000n);
  });

  rootTest(
    "file capabilities survive owner and mode; attributes this machine cannot keep are left out",
    async () => {
      using dir = tempDir("xattrs");
      const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");
      const { folder } = await unpackParts(
        dir,
        {
          path: "ping",
          mode: 0o4755,
          uid: 5,
          content: "x",
          xattrs: new Map([["security.capability", capability]]),
        },
        { path: "l", type: "symlink", linkPath: "ping", xattrs: new Map([["user.none", capability]]) },
        { path: "odd", xattrs: new Map([["nonsense.name", capability]]) },
      );

      using layer = openDirectory(folder);
      expect(Buffer.from(layer.getXattr("ping", "security.capability")!)).toEqual(capability);
      expect(layer.listXattrs("l")).toEqual([]);
      expect(layer.listXattrs("odd")).toEqual([]);
    },
  );

  rootTest("devices, fifos, links and names that are not UTF-8 are made as they are", async () => {
    using dir = tempDir("kinds");
    const odd = Uint8Array.of(0xff, 0x41);
    const { folder, sizeBytes } = await unpackParts(
      dir,
      { path: "null", type: "character", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
      { path: "big", type: "block", deviceMajor: 259, deviceMinor: 70_000, mode: 0o600 },
      { path: "f", content: "content" },
      { path: "h", type: "hardlink", linkPath: "./f" },
      { path: "s", type: "symlink", linkPath: "../anywhere" },
      { path: odd, content: "odd" },
    );

    using layer = openDirectory(folder);
    expect(layer.stat("null")).toMatchObject({
      type: "character",
      deviceMajor: 1,
      deviceMinor: 3,
      mode: 0o666,
    });
    expect(layer.stat("big")).toMatchObject({ type: "block", deviceMajor: 259, deviceMinor: 70_000 });
    expect(layer.stat("h")).toMatchObject({ links: 2, inode: layer.stat("f").inode });
    expect(readlinkSync(join(folder, "s"))).toBe("../anywhere");
    expect(layer.stat(odd).sizeBytes).toBe(3n);
    expect(sizeBytes).toBe(10);
  });
});

describe("entries that meet", () => {
  rootTest(
    "the last entry of a name counts: file over folder, folder over file, file over file",
    async () => {
      using dir = tempDir("duplicates");
      const { folder } = await unpackParts(
        dir,
        { path: "a", type: "directory" },
        { path: "a/in/side", content: "x" },
        { path: "a", content: "file" },
        { path: "b", content: "file" },
        { path: "b", type: "directory", mode: 0o700 },
        { path: "c", content: "first, and longer" },
        { path: "c", content: "last" },
      );

      expect(readFileSync(join(folder, "a"), "utf8")).toBe("file");
      expect(lstatSync(join(folder, "b")).mode).toBe(0o40700);
      expect(readFileSync(join(folder, "c"), "utf8")).toBe("last");
    },
  );

  rootTest("a folder listed twice keeps its files and takes the last mode", async () => {
    using dir = tempDir("folders");
    const { folder, implicitFolders } = await unpackParts(
      dir,
      { path: "d/f", content: "x" },
      { path: "d", type: "directory", mode: 0o700 },
      { path: "d", type: "directory", mode: 0o711 },
    );

    expect(lstatSync(join(folder, "d")).mode).toBe(0o40711);
    expect(readdirSync(join(folder, "d"))).toEqual(["f"]);
    expect(implicitFolders).toEqual([]);
  });

  rootTest(
    "a file below a symbolic link goes where the link leads inside the layer, made when it is missing",
    async () => {
      using dir = tempDir("through");
      const { folder, implicitFolders } = await unpackParts(
        dir,
        { path: "lib", type: "symlink", linkPath: "/usr/lib" },
        { path: "lib/x/so", content: "x" },
      );

      expect(readFileSync(join(folder, "usr/lib/x/so"), "utf8")).toBe("x");
      expect(implicitFolders).toEqual(["usr", "usr/lib", "usr/lib/x"]);
    },
  );

  rootTest("the layer's own root takes the mode of ./", async () => {
    using dir = tempDir("root");
    const { folder } = await unpackParts(dir, { path: "./", type: "directory", mode: 0o711 }, { path: "/x" });

    expect(lstatSync(folder).mode).toBe(0o40711);
    expect(readdirSync(folder)).toEqual(["x"]);
  });
});

describe("whiteouts", () => {
  rootTest(
    "become devices 0:0, and opaque folders an attribute, wherever in the archive they come",
    async () => {
      using dir = tempDir("whiteouts");
      const { folder } = await unpackParts(
        dir,
        { path: "etc/.wh.gone" },
        { path: "late/f", content: "x" },
        { path: "late/.wh..wh..opq" },
        { path: "early/.wh..wh..opq" },
        { path: "early", type: "directory", mode: 0o700 },
      );

      expect(isWhiteout(join(folder, "etc/gone"))).toBe(true);
      expect(readdirSync(join(folder, "late"))).toEqual(["f"]);
      expect(opaqueXattr(folder, "late")).toBe("y");
      expect(opaqueXattr(folder, "early")).toBe("y");
      expect(lstatSync(join(folder, "early")).mode).toBe(0o40700);
    },
  );

  rootTest(
    "spare what the same layer has, before and after; a folder there hides the one below",
    async () => {
      using dir = tempDir("spare");
      const { folder } = await unpackParts(
        dir,
        { path: "before", content: "x" },
        { path: ".wh.before" },
        { path: ".wh.after" },
        { path: "after", content: "y" },
        { path: ".wh.dir" },
        { path: "dir/f", content: "z" },
        { path: "dir2/f", content: "z" },
        { path: ".wh.dir2" },
      );

      expect(readFileSync(join(folder, "before"), "utf8")).toBe("x");
      expect(readFileSync(join(folder, "after"), "utf8")).toBe("y");
      expect(opaqueXattr(folder, "dir")).toBe("y");
      expect(opaqueXattr(folder, "dir2")).toBe("y");
      expect(readdirSync(folder).sort()).toEqual(["after", "before", "dir", "dir2"]);
    },
  );
});

test("the corpus has at least forty layers, each with a name of its own", () => {
  const names = hostileLayers("/nowhere").map(({ name }) => name);

  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(new Set(names).size).toBe(names.length);
});
