/** Layers as GNU tar writes them, unpacked by us and by GNU tar: the two trees must be the same. */
import { describe, expect } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { unpackBlob } from "../../../src/image/unpack-blob.ts";
import { type Directory, openDirectory } from "../../../src/kernel/directory.ts";
import { rootTest } from "../../support/machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** A real one: `debootstrap --variant=minbase bookworm /tmp/debian-rootfs`. The test does without where it is missing. */
const DEBIAN_ROOTFS = process.env.DEBIAN_ROOTFS ?? "/tmp/debian-rootfs";

const MAKE_TREE = String.raw`
set -e
cd "$1"
mkdir -p dir/sub sgid sticky "$(printf 'l%0150d' 1)/$(printf 'm%0150d' 2)"
echo content > dir/file; head -c 300000 /dev/urandom > dir/sub/large; : > dir/empty
ln dir/file hard; ln -s dir/file soft; ln -s nowhere dangling; ln soft hard-to-soft
ln -s "$(printf '/target%0150d' 3)" long-link
echo deep > "$(printf 'l%0150d' 1)/$(printf 'm%0150d' 2)/$(printf 'n%0100d' 4)"
mknod null c 1 3; mknod loop b 7 200; mkfifo pipe
printf x > "$(printf 'not-utf8-\377\376')"; printf x > 'with space and
newline'; printf x > 'ünïcode'
cp /bin/true suid; chown 1000:1000 suid; chmod 6755 suid
chmod 2775 sgid; chown 0:50 sgid; chmod 1777 sticky; chmod 0 dir/empty
setfattr -n user.note -v hello dir/file 2>/dev/null || true
setfattr -n trusted.note -v 0x000102 dir 2>/dev/null || true
setcap cap_net_raw+ep suid 2>/dev/null || true
touch -d '2001-02-03 04:05:06.789012345' dir/file; touch -d '1969-12-31 23:59:58.5 UTC' dir/sub; touch -h -d '2010-01-01' soft
`;

function run(...argv: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...argv], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
}

/** Every file below a folder with all that a stat, its attributes and its content say. */
function picture(path: string): Map<string, string> {
  using root = openDirectory(path);
  const files = new Map<string, string>();
  describeTree(root, path, Buffer.from("."), files, new Map());
  return files;
}

function describeTree(
  root: Directory,
  base: string,
  path: Buffer,
  files: Map<string, string>,
  firstNames: Map<bigint, string>,
): void {
  const status = root.stat(path);
  const name = path.toString("latin1");
  const { seconds, nanoseconds } = status.modifiedAt;
  const size = status.type === "directory" ? 0 : status.sizeBytes;
  const links = status.type === "directory" ? "" : (firstNames.get(status.inode) ?? name);
  if (!firstNames.has(status.inode)) firstNames.set(status.inode, name);
  const xattrs = root
    .listXattrs(path)
    .sort()
    .map((key) => `${key}=${Buffer.from(root.getXattr(path, key)!).toString("hex")}`);
  const target = status.type === "symlink" ? Buffer.from(root.readlink(path)).toString("latin1") : "";
  const { type, mode, uid, gid, deviceMajor, deviceMinor } = status;
  files.set(
    name,
    [
      type,
      mode.toString(8),
      uid,
      gid,
      size,
      `${seconds}.${nanoseconds}`,
      deviceMajor,
      deviceMinor,
      links,
      target,
      ...xattrs,
    ].join(" "),
  );
  if (type !== "directory") return;
  const entries = root
    .readdir(path)
    .map((entry) => Buffer.from(entry.name))
    .sort(Buffer.compare);
  for (const entry of entries)
    describeTree(root, base, Buffer.concat([path, Buffer.from("/"), entry]), files, firstNames);
}

/** Packs a tree, unpacks it twice, and compares the trees and the content of all files. */
async function compare(dir: TempDir, tree: string, format: string): Promise<number> {
  const archive = join(dir.path, "layer.tar");
  const [theirs, ours] = [join(dir.path, "theirs"), join(dir.path, "ours")];
  const attributes = format === "pax" ? ["--xattrs", "--xattrs-include=*"] : [];
  run("tar", "-C", tree, "--numeric-owner", `--format=${format}`, ...attributes, "-cf", archive, ".");
  for (const folder of [theirs, ours]) mkdirSync(folder);
  run("tar", "-C", theirs, "--numeric-owner", ...attributes, "-xpf", archive);
  const sum = Bun.spawnSync(["sha256sum", archive]).stdout.toString().slice(0, 64);

  await unpackBlob({ blobPath: archive, folder: ours, expectedDiffId: `sha256:${sum}` }, () => {});

  const found = picture(ours);
  expect([...found]).toEqual([...picture(theirs)]);
  const contents = `cd "$1" && find . -type f -exec sha256sum -z -- {} + | LC_ALL=C sort -z | sha256sum`;
  const digests = [theirs, ours].map((path) =>
    Bun.spawnSync(["sh", "-c", contents, "sh", path]).stdout.toString(),
  );
  expect(digests[1]).toBe(digests[0]!);
  return found.size;
}

describe("a layer is unpacked as tar -xp does it", () => {
  for (const format of ["pax", "gnu"]) {
    rootTest(`in ${format} format: names, modes, owners, times, links, devices, attributes`, async () => {
      using dir = tempDir("against-tar");
      const tree = join(dir.path, "tree");
      mkdirSync(tree);
      run("bash", "-c", MAKE_TREE, "bash", tree);

      expect(await compare(dir, tree, format)).toBeGreaterThan(20);
    });
  }

  if (existsSync(DEBIAN_ROOTFS)) {
    rootTest("for the whole of a Debian", async () => {
      using dir = tempDir("against-tar-debian");

      expect(await compare(dir, DEBIAN_ROOTFS, "pax")).toBeGreaterThan(5000);
    });
  }
});
