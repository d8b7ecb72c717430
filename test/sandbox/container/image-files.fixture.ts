/** Builds three layers as overlayfs has them, asks for paths in them, and compares with a mounted overlay. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readImageFile, statImagePath } from "../../../src/container/image-files.ts";
import { openFolderHandle, openInRoot, readHandle } from "../../../src/kernel/safe-path.ts";

const root = process.argv[2] ?? "";
const run = (...argv: string[]) => {
  const { success, stderr } = Bun.spawnSync(argv, { stderr: "pipe" });
  if (!success) throw new Error(`${argv.join(" ")}: ${stderr}`);
};
run("mount", "-t", "tmpfs", "tmpfs", root);
const [low, mid, upper] = ["low", "mid", "upper"].map((name) => join(root, name)) as [string, string, string];
const put = (layer: string, path: string, text: string) => {
  mkdirSync(join(layer, path, ".."), { recursive: true });
  writeFileSync(join(layer, path), text);
};

put(low, "etc/passwd", "low passwd");
put(low, "etc/group", "low group");
put(low, "opaque/below", "hidden");
put(low, "replaced/below", "hidden");
put(low, "merged/a", "a of low");
put(low, "usr/bin/tool", "tool");
put(low, "was-file", "file of low");
symlinkSync("usr/bin", join(low, "bin"));
symlinkSync("/etc/passwd", join(low, "absolute"));
symlinkSync("../../../../etc/passwd", join(low, "usr/climbs"));
symlinkSync("loop", join(low, "loop"));
run("mkfifo", join(low, "fifo"));
put(mid, "etc/passwd", "mid passwd");
put(mid, "merged/b", "b of mid");
put(mid, "replaced", "now a file");
put(mid, "opaque/own", "own");
put(mid, "was-file/inside", "now a folder");
run("mknod", join(mid, "etc/group"), "c", "0", "0");
run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", join(mid, "opaque"));
put(upper, "etc/motd", "motd");
mkdirSync(join(root, "work"));
mkdirSync(join(root, "merged"));

const layers = [upper, mid, low];
const paths = [
  "/etc/passwd",
  "etc/group",
  "/etc/motd",
  "/opaque/below",
  "/opaque/own",
  "/replaced",
  "/replaced/below",
  "/merged/a",
  "/merged/b",
  "/bin/tool",
  "/bin/../../usr/./bin//tool",
  "/absolute",
  "/usr/climbs",
  "/loop",
  "/was-file/inside",
  "/missing/x",
  "/etc/passwd/x",
  "/../../etc/passwd",
  "/usr/bin/tool/",
];
const ours = Object.fromEntries(
  paths.map((path) => {
    const bytes = readImageFile(layers, path, 1000);
    return [path, bytes && new TextDecoder().decode(bytes)];
  }),
);
run(
  "mount",
  "-t",
  "overlay",
  "overlay",
  "-o",
  `lowerdir=${mid}:${low},upperdir=${upper},workdir=${join(root, "work")}`,
  join(root, "merged"),
);
const kernels = Object.fromEntries(paths.map((path) => [path, inOverlay(path)]));

/** The same question to the kernel, links resolved inside by openat2. */
function inOverlay(path: string): string | null {
  try {
    using folder = openFolderHandle(join(root, "merged"));
    using handle = openInRoot(folder.fd, path);
    return new TextDecoder().decode(readHandle(handle, 1000));
  } catch {
    return null;
  }
}

const refusal = (path: string, limit: number) => {
  try {
    readImageFile(layers, path, limit);
    return "read";
  } catch (cause) {
    return (cause as Error).message;
  }
};
const refused = [refusal("/fifo", 10), refusal("/etc", 10), refusal("/etc/passwd", 3)];
const { head, ...folder } = statImagePath(layers, "/merged") ?? { head: undefined };
console.log(
  JSON.stringify({
    ours,
    kernels,
    refused,
    folder,
    tool: statImagePath(layers, "/bin/tool")?.sizeBytes,
    head: head?.length,
  }),
);
