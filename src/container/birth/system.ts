import type { ProgramBuilder } from "../../kernel/launch/builder.ts";
import { cString } from "../../kernel/launch/data.ts";
import { type Argument, type Register, Symbolic } from "../../kernel/launch/program.ts";
import { attachMount, cloneTree, newFileSystem, setMount } from "../../kernel/launch/sequences/mounts.ts";
import {
  checkFileSystem,
  makeFolder,
  mountTarget,
  octal,
  openInside,
  writeText,
} from "../../kernel/launch/sequences/paths.ts";
import { AT_FDCWD } from "../../kernel/launch/symbols.ts";
import { PROC_MAGIC } from "./mounts.ts";
import type { BirthPlan, DeviceNode } from "./plan.ts";

const PROC = { magic: PROC_MAGIC, name: "procfs" };
const TTY_GROUP = 5;
const DEV_SIZE = "65536k";

/** What later steps need of the system's folders. */
export interface SystemFolders {
  readonly proc: Register;
  readonly dev: Register;
  readonly devpts: Register;
}

/** /proc, /sys and /dev of a container's own. A link in their place is refused: nothing of ours lands elsewhere. */
export function mountSystem(b: ProgramBuilder, root: Register, plan: BirthPlan): SystemFolders {
  const proc = mountProc(b, root);
  const { dev, devpts } = mountDev(b, root, plan);
  mountSys(b, root, plan);
  return { proc, dev, devpts };
}

function mountProc(b: ProgramBuilder, root: Register): Register {
  const target = makeFolder(b, root, "proc", "the place of procfs");
  const proc = newFileSystem(b, {
    type: "proc",
    attributes: ["NOSUID", "NODEV", "NOEXEC"],
    why: "procfs of this pid namespace",
  });
  attachMount(b, proc, target, "what ps and /proc/self show is the container's own", "/proc");
  checkFileSystem(b, proc, PROC);
  return proc;
}

function mountDev(b: ProgramBuilder, root: Register, plan: BirthPlan): { dev: Register; devpts: Register } {
  const target = makeFolder(b, root, "dev", "the place of the devices");
  const dev = newFileSystem(b, {
    type: "tmpfs",
    options: [
      ["mode", "755"],
      ["size", DEV_SIZE],
    ],
    attributes: ["NOSUID", "STRICTATIME"],
    why: "a folder of devices that holds what is put there below, and nothing else",
  });
  attachMount(b, dev, target, "the container's devices", "/dev");
  b.call("umask", [0], { why: "modes are meant as they are written", subject: "umask" });
  for (const device of plan.devices) makeDevice(b, root, dev, device);
  for (const [name, to] of DEV_LINKS) {
    b.call("symlinkat", [cString(to), dev, cString(name)], {
      why: "programs expect it",
      subject: `/dev/${name}`,
      tolerate: ["EEXIST"],
    });
  }
  const devpts = mountBelowDev(b, dev, "pts", {
    type: "devpts",
    options: [["newinstance"], ["ptmxmode", "0666"], ["mode", "0620"], ["gid", String(TTY_GROUP)]],
    attributes: ["NOSUID", "NOEXEC"],
    why: "terminals of its own, numbered from 0",
  });
  if (plan.namespaces.ipc) {
    mountBelowDev(b, dev, "shm", {
      type: "tmpfs",
      options: [
        ["mode", "1777"],
        ["size", String(plan.shmSizeBytes)],
      ],
      attributes: ["NOSUID", "NODEV", "NOEXEC"],
      why: "POSIX shared memory",
    });
  } else {
    const shm = makeFolder(b, dev, "shm", "the place of shared memory", 0o1777);
    const host = cloneTree(
      b,
      { dir: AT_FDCWD, path: "/dev/shm" },
      { as: "shm", why: "the host's shared memory: --ipc host" },
    );
    attachMount(b, host, shm, "shared with the host", "/dev/shm");
  }
  const mqueue = makeFolder(b, dev, "mqueue", "the place of message queues");
  const queues = newFileSystem(b, {
    type: "mqueue",
    attributes: ["NOSUID", "NODEV", "NOEXEC"],
    why: "POSIX message queues",
    optional: { skip: 1 },
  });
  attachMount(b, queues, mqueue, "message queues of this IPC namespace", "/dev/mqueue");
  b.call("umask", [octal(0o022)], { why: "the usual one again", subject: "umask" });
  return { dev, devpts };
}

/** /dev/core is left out: /proc/kcore is masked. */
const DEV_LINKS: readonly (readonly [name: string, to: string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["ptmx", "pts/ptmx"],
];

function mountBelowDev(
  b: ProgramBuilder,
  dev: Register,
  name: string,
  fileSystem: Parameters<typeof newFileSystem>[1],
): Register {
  const target = makeFolder(b, dev, name, `the place of ${fileSystem.type}`);
  const mount = newFileSystem(b, fileSystem);
  attachMount(b, mount, target, fileSystem.why, `/dev/${name}`);
  return mount;
}

function makeDevice(b: ProgramBuilder, root: Register, dev: Register, device: DeviceNode): void {
  const { path, type, major, minor, mode, uid, gid } = device;
  const mark = b.registerMark;
  const inDev = path.startsWith("/dev/");
  const names = (inDev ? path.slice("/dev/".length) : path).split("/").filter(Boolean);
  const name = names.pop() ?? "";
  let folder: Argument = inDev ? dev : root;
  for (const part of names) folder = makeFolder(b, folder, part, "a device's folder");
  const kind = new Symbolic(
    (type === "b" ? 0o060000 : 0o020000) | mode,
    `${type === "b" ? "S_IFBLK" : "S_IFCHR"}|0${mode.toString(8)}`,
  );
  const number = new Symbolic(deviceNumber(major, minor), `makedev(${major}, ${minor})`);
  b.call("mknodat", [folder, cString(name), kind, number], {
    why: `device ${major}:${minor}`,
    subject: path,
  });
  if (uid !== 0 || gid !== 0) {
    b.call("fchownat", [folder, cString(name), uid, gid, 0], { why: "as the host has it", subject: path });
  }
  b.reuseRegisters(mark);
}

/** A device number as the kernel's calls take it: 12 bits of major and 20 of minor, interleaved. @see makedev(3) */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + ((major & 0xfff) << 8) + (minor >>> 8) * 2 ** 20;
}

function mountSys(b: ProgramBuilder, root: Register, plan: BirthPlan): void {
  const target = makeFolder(b, root, "sys", "the place of sysfs");
  const readOnly = plan.writableSystem ? [] : (["RDONLY"] as const);
  const attributes = ["NOSUID", "NODEV", "NOEXEC", ...readOnly] as const;
  const sys = newFileSystem(b, {
    type: "sysfs",
    attributes,
    why: "sysfs: its network part is that of this namespace",
  });
  attachMount(b, sys, target, "the kernel's devices and settings, to be read", "/sys");
  const why = "the place of the cgroup tree";
  const cgroupTarget = openInside(b, sys, "fs/cgroup", {
    why,
    as: "cgroups",
    flags: ["PATH", "DIRECTORY"],
    followLinks: false,
  });
  if (plan.cgroup.unified) {
    const tree = newFileSystem(b, {
      type: "cgroup2",
      attributes,
      why: "the cgroup tree; the container's own cgroup is its root",
    });
    attachMount(b, tree, cgroupTarget, "limits and usage, to be read", "/sys/fs/cgroup");
  } else {
    mountHierarchies(b, cgroupTarget, plan, attributes);
  }
}

function mountHierarchies(
  b: ProgramBuilder,
  target: Register,
  plan: BirthPlan,
  attributes: NonNullable<Parameters<typeof newFileSystem>[1]["attributes"]>,
): void {
  const folder = newFileSystem(b, {
    type: "tmpfs",
    options: [["mode", "755"]],
    attributes: ["NOSUID", "NODEV", "NOEXEC"],
    why: "a folder for each cgroup hierarchy of version 1",
  });
  attachMount(b, folder, target, "one folder a hierarchy", "/sys/fs/cgroup");
  for (const hierarchy of plan.cgroup.hierarchies) {
    const mark = b.registerMark;
    const place = makeFolder(b, folder, hierarchy, `the hierarchy ${hierarchy}`);
    const options = hierarchy.split(",").map((name) => [name] as const);
    const mount = newFileSystem(b, {
      type: "cgroup",
      options,
      attributes,
      why: `cgroup version 1: ${hierarchy}`,
    });
    attachMount(b, mount, place, "the container's own cgroup is its root", `/sys/fs/cgroup/${hierarchy}`);
    b.reuseRegisters(mark);
  }
  if (!plan.writableSystem) {
    setMount(b, folder, { set: ["RDONLY"] }, { why: "nothing more is put there", subject: "/sys/fs/cgroup" });
  }
}

/** Covers what /proc and /sys tell or allow beyond the container, and makes read-only what can only be looked at. */
export function restrictSystem(
  b: ProgramBuilder,
  root: Register,
  folders: SystemFolders,
  plan: BirthPlan,
): void {
  const mark = b.registerMark;
  maskFiles(b, root, folders.dev, pathsOf(plan, "file"));
  maskFolders(b, root, pathsOf(plan, "folder"));
  for (const path of plan.readOnlyPaths) makeReadOnly(b, root, path);
  b.reuseRegisters(mark);
}

function pathsOf({ maskedPaths }: BirthPlan, wanted: "file" | "folder"): string[] {
  return maskedPaths.filter(({ kind }) => kind === wanted).map(({ path }) => path);
}

function maskFiles(b: ProgramBuilder, root: Register, dev: Register, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const cover = openInside(b, dev, "null", {
    why: "the device made above, character device 1:3: what covers a file",
    as: "null",
    followLinks: false,
  });
  for (const path of paths) mask(b, root, path, cover);
}

/** The cover is a mount of its own on the first folder; only then can it be cloned for the others (before Linux 6.15). */
function maskFolders(b: ProgramBuilder, root: Register, paths: readonly string[]): void {
  const [first, ...others] = paths;
  if (first === undefined) return;
  const cover = newFileSystem(b, {
    type: "tmpfs",
    options: [["size", "0"]],
    attributes: ["RDONLY", "NOSUID", "NODEV", "NOEXEC"],
    why: "an empty folder: what covers a folder",
  });
  const target = openInside(b, root, first, { why: "to be covered", as: "masked", followLinks: false });
  attachMount(b, cover, target, "not for the container's eyes", first);
  for (const path of others) mask(b, root, path, cover);
}

function mask(b: ProgramBuilder, root: Register, path: string, cover: Register): void {
  const mark = b.registerMark;
  const target = openInside(b, root, path, {
    why: "covered, if it is there",
    as: "masked",
    followLinks: false,
    tolerate: ["ENOENT"],
    skip: 2,
  });
  const clone = cloneTree(b, { dir: cover }, { as: "cover", why: "what has no content", subject: path });
  attachMount(b, clone, target, "not for the container's eyes", path);
  b.reuseRegisters(mark);
}

function makeReadOnly(b: ProgramBuilder, root: Register, path: string): void {
  const mark = b.registerMark;
  const target = openInside(b, root, path, {
    why: "to be made read-only, if it is there",
    as: "place",
    followLinks: false,
    tolerate: ["ENOENT"],
    skip: 3,
  });
  const source = { dir: target, recursive: true };
  const clone = cloneTree(b, source, { as: "view", why: "a second view of it", subject: path });
  const change = { set: ["RDONLY", "NOSUID", "NODEV", "NOEXEC"], recursive: true } as const;
  setMount(b, clone, change, { why: "which cannot be written", subject: path });
  attachMount(b, clone, target, "in place of the first", path);
  b.reuseRegisters(mark);
}

/** Sysctls of the container's namespaces, through the procfs that was mounted above and checked to be one. */
export function writeSysctls(
  b: ProgramBuilder,
  proc: Register,
  sysctls: Readonly<Record<string, string>>,
): void {
  for (const [path, text] of Object.entries(sysctls)) {
    writeText(b, { dir: proc, path: `sys/${path}`, text }, { why: "a setting of this namespace" });
  }
}

/** The slave as /dev/console too, as programs expect it of a container with a terminal. */
export function mountConsole(b: ProgramBuilder, dev: Register, slave: Register): void {
  const target = mountTarget(b, dev, "console", "file", "the place of the console");
  const clone = cloneTree(
    b,
    { dir: slave },
    { as: "console", why: "the terminal, under a second name", subject: "/dev/console" },
  );
  attachMount(b, clone, target, "the console is the container's terminal", "/dev/console");
}
