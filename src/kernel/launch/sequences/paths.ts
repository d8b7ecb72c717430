/** Calls that find, or make, a place below a folder's descriptor without ever leaving it. */
import type { ProgramBuilder } from "../builder.ts";
import { cString, room } from "../data.ts";
import { type Argument, Loaded, Register, Symbolic } from "../program.ts";
import { type OpenFlagName, openFlags, openHowOf, type ResolveName } from "../symbols.ts";

/** Symbolic links resolve as if `root` were the file system's root; the magic links of procfs never do. */
const INSIDE: readonly ResolveName[] = ["IN_ROOT", "NO_MAGICLINKS"];
/** No symbolic link at all on the way: for what has to be real, such as the mount points of /proc and /sys. */
const STRICTLY_INSIDE: readonly ResolveName[] = ["IN_ROOT", "NO_SYMLINKS", "NO_MAGICLINKS"];

/** `struct statfs` of 64-bit machines. */
const STATFS_SIZE = 120;

export interface OpenOptions {
  readonly why: string;
  /** What error messages call it, the path by default. */
  readonly subject?: string;
  /** The result's name in `explain`. */
  readonly as: string;
  readonly flags?: readonly OpenFlagName[];
  readonly followLinks?: boolean;
  readonly tolerate?: readonly string[] | "any";
  readonly skip?: number;
}

/** Opens `path` as seen from `root`. @see openat2(2) */
export function openInside(b: ProgramBuilder, root: Argument, path: string, options: OpenOptions): Register {
  const { as, flags = ["PATH"], followLinks = true, ...rest } = options;
  const [how, size] = openHowOf([...flags, "CLOEXEC"], followLinks ? INSIDE : STRICTLY_INSIDE);
  return b.callFor(as, "openat2", [root, cString(path), how, size], { subject: path, ...rest });
}

/** Makes a folder, if there is nothing of that name, and opens it; a link in its place is refused. */
export function makeFolder(
  b: ProgramBuilder,
  parent: Argument,
  name: string,
  why: string,
  mode = 0o755,
): Register {
  const isRoot = parent instanceof Register && parent.text === "root";
  const subject = isRoot ? `/${name}` : name;
  b.call("mkdirat", [parent, cString(name), octal(mode)], { why, tolerate: ["EEXIST"], subject });
  return openInside(b, parent, name, {
    why: `${why}: as a real folder`,
    as: name,
    subject,
    flags: ["PATH", "DIRECTORY"],
    followLinks: false,
  });
}

/**
 * Opens the place where something is to be mounted, and makes it where it is missing: folders on the way, and at the
 * end a folder or an empty file.
 *
 * Every name is made in a folder that was opened first, so a link that is changed meanwhile leads nowhere else.
 */
export function mountTarget(
  b: ProgramBuilder,
  root: Argument,
  path: string,
  kind: "folder" | "file",
  why: string,
): Register {
  const last: readonly OpenFlagName[] = kind === "folder" ? ["PATH", "DIRECTORY"] : ["PATH"];
  const target = openInside(b, root, path, { why, as: "target", flags: last, tolerate: ["ENOENT"] });
  b.ifMissing(target, `${path} exists: nothing to make`, () => makeTarget(b, root, path, kind, target));
  return target;
}

function makeTarget(
  b: ProgramBuilder,
  root: Argument,
  path: string,
  kind: "folder" | "file",
  target: Register,
): void {
  const names = path.split("/").filter(Boolean);
  let parent: Argument = root;
  const mark = b.registerMark;
  names.forEach((name, index) => {
    const isLast = index === names.length - 1;
    const here = names.slice(0, index + 1).join("/");
    const options = { why: `the mount point /${here}`, tolerate: ["EEXIST"], subject: `/${here}` };
    if (isLast && kind === "file") {
      b.call("mknodat", [parent, cString(name), new Symbolic(0o100644, "S_IFREG|0644"), 0], options);
    } else {
      b.call("mkdirat", [parent, cString(name), octal(0o755)], options);
    }
    const flags: readonly OpenFlagName[] =
      isLast && kind === "file" ? ["PATH", "CLOEXEC"] : ["PATH", "DIRECTORY", "CLOEXEC"];
    const [how, size] = openHowOf(flags, INSIDE);
    const args = [root, cString(here), how, size];
    const why = { why: `/${here}, links in it resolved inside the root`, subject: `/${here}` };
    if (isLast) b.callInto(target, "openat2", args, why);
    else parent = b.callFor("parent", "openat2", args, why);
  });
  b.reuseRegisters(mark);
}

/** Writes text to a file below `dir`, in one write. */
export function writeText(
  b: ProgramBuilder,
  file: { readonly dir: Argument; readonly path: string; readonly text: string },
  options: { readonly why: string; readonly tolerate?: readonly string[] | "any" },
): void {
  const { dir, path, text } = file;
  const mark = b.registerMark;
  const flags = openFlags("WRONLY", "NOFOLLOW", "CLOEXEC");
  const tolerated = options.tolerate ? { tolerate: options.tolerate } : {};
  const skip = options.tolerate ? { skip: 2 } : {};
  const fd = b.callFor("file", "openat", [dir, cString(path), flags, 0], {
    why: options.why,
    subject: path,
    ...tolerated,
    ...skip,
  });
  b.call("write", [fd, cString(text), new TextEncoder().encode(text).length], {
    why: `${path} = ${JSON.stringify(text)}`,
    subject: path,
    ...tolerated,
  });
  b.call("close", [fd], { why: "done with it", subject: path });
  b.reuseRegisters(mark);
}

/** Fails with EPERM unless the descriptor lies on a file system of this type. @see statfs(2) */
export function checkFileSystem(
  b: ProgramBuilder,
  fd: Argument,
  fileSystem: { readonly magic: number; readonly name: string },
): void {
  const statfs = room(STATFS_SIZE, "statfs");
  const why = `must be real ${fileSystem.name}, not something mounted or linked in its place`;
  b.call("fstatfs", [fd, statfs], { why, subject: fileSystem.name });
  const value = new Loaded(statfs, 0, 64, "statfs.f_type");
  b.check({ value, expected: fileSystem.magic, errno: "EPERM", subject: fileSystem.name, why });
}

/** Fails with EPERM if the descriptor lies on a file system of this type. @see statfs(2) */
export function refuseFileSystem(
  b: ProgramBuilder,
  fd: Argument,
  fileSystem: { readonly magic: number; readonly subject: string; readonly why: string },
): void {
  const { magic, subject, why } = fileSystem;
  const statfs = room(STATFS_SIZE, "statfs");
  b.call("fstatfs", [fd, statfs], { why, subject });
  const value = new Loaded(statfs, 0, 64, "statfs.f_type");
  b.check({ value, expected: magic, errno: "EPERM", subject, why, skipOnFailure: 1 });
  b.check({ value, mask: 0, expected: 1, errno: "EPERM", subject, why });
}

/** A mode as manuals print it. */
export function octal(mode: number): Symbolic {
  return new Symbolic(mode, `0${mode.toString(8)}`);
}
