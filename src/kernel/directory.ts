/**
 * A file tree that nothing leaves: every path is taken inside one folder, whatever symbolic links it meets.
 *
 * The folder is held by its descriptor. A path's parent is opened with openat2(2) and `RESOLVE_IN_ROOT`, as if the
 * folder were `/`; its last part is then used with the `*at` calls and never followed when it is a symbolic link.
 */
import { displayName, type Name } from "../../ffi/c-string.ts";
import { errnoNumber } from "../../ffi/errno.ts";
import type { OwnedFd } from "../../ffi/fd.ts";
import { At, OpenFlag, Resolve } from "../../ffi/structs/fcntl.ts";
import { FileType } from "../../ffi/structs/stat.ts";
import * as fs from "../../ffi/sys/fs.ts";
import { lgetxattr, llistxattr, lremovexattr, lsetxattr } from "../../ffi/sys/xattr.ts";
import { SyscallError } from "../../ffi/syscall-error.ts";
import { type DirectoryEntry, readEntries } from "./directory-entries.ts";
import { removeTreeAt } from "./directory-remove.ts";
import { NewFile } from "./new-file.ts";

export type { Name } from "../../ffi/c-string.ts";
export type { Timespec } from "../../ffi/sys/fs.ts";

/** What the kernel knows of a file; times are those of its last modification. */
export interface FileStatus {
  readonly type: EntryKind;
  /** Permissions with setuid, setgid and sticky: the lower twelve bits of st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: bigint;
  /** Blocks of 512 bytes that it takes on disk. */
  readonly blocks: bigint;
  readonly links: number;
  readonly inode: bigint;
  readonly modifiedAt: fs.Timespec;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

export type EntryKind = "file" | "directory" | "symlink" | "character" | "block" | "fifo" | "socket";

const KINDS: Readonly<Record<number, EntryKind>> = {
  [FileType.REGULAR]: "file",
  [FileType.DIRECTORY]: "directory",
  [FileType.SYMLINK]: "symlink",
  [FileType.CHARACTER]: "character",
  [FileType.BLOCK]: "block",
  [FileType.FIFO]: "fifo",
  [FileType.SOCKET]: "socket",
};

const NODE_TYPES = { character: FileType.CHARACTER, block: FileType.BLOCK, fifo: FileType.FIFO } as const;

/** A node to make. Device numbers are as in makedev(3); a fifo has none. */
export interface Node {
  readonly type: "character" | "block" | "fifo";
  readonly mode: number;
  readonly major?: number;
  readonly minor?: number;
}

/** How many parents stay open: an archive lists a folder's files together, so few are in use at a time. */
const PARENTS_MAX = 32;

const SLASH = 0x2f;
const DOT = 0x2e;
const SELF = Uint8Array.of(DOT);
const RESOLVE_INSIDE = Resolve.IN_ROOT | Resolve.NO_MAGICLINKS;

/** Opens a folder of the machine as a tree. @throws {SyscallError} ENOENT, ENOTDIR, EACCES */
export function openDirectory(path: string): Directory {
  return new Directory(fs.openat(At.FDCWD, path, OpenFlag.RDONLY | OpenFlag.DIRECTORY));
}

/** An open folder; paths are relative to it, `""` or `"."` means itself. Every failure is a SyscallError. */
export class Directory implements Disposable {
  readonly #root: OwnedFd;
  /** Open parents by their path's bytes (as Latin-1), the least recently used first. */
  readonly #parents = new Map<string, OwnedFd>();

  /** Takes the descriptor over. */
  constructor(root: OwnedFd) {
    this.#root = root;
  }

  /** The folder's own descriptor; it stays this object's. */
  get fd(): number {
    return this.#root.fd;
  }

  /** Opens a folder below this one as a tree of its own: from there, nothing above it can be reached. */
  openDirectory(path: Name): Directory {
    const flags = OpenFlag.RDONLY | OpenFlag.DIRECTORY;
    return new Directory(fs.openat2(this.fd, isSelf(path) ? "." : path, { flags, resolve: RESOLVE_INSIDE }));
  }

  /** Makes a folder. The mode loses setuid, setgid and the umask's bits: {@link chmod} sets it exactly. */
  mkdir(path: Name, mode = 0o755): void {
    const { dir, name } = this.#locate(path);
    fs.mkdirat(dir, name, mode);
  }

  /** Makes a regular file, which must not exist, and opens it for writing. */
  createFile(path: Name, mode = 0o600): NewFile {
    const { dir, name } = this.#locate(path);
    const flags = OpenFlag.WRONLY | OpenFlag.CREAT | OpenFlag.EXCL | OpenFlag.NOFOLLOW;
    return new NewFile(fs.openat(dir, name, flags, mode));
  }

  /** Opens a file for reading, following symbolic links inside the tree; a fifo or device is refused unopened. */
  openFile(path: Name): OwnedFd {
    const flags = OpenFlag.RDONLY | OpenFlag.NONBLOCK;
    using found = fs.openat2(this.fd, path, { flags: OpenFlag.PATH, resolve: RESOLVE_INSIDE });
    const { mode } = fs.lstatx(found.fd, "");
    if ((mode & FileType.MASK) !== FileType.REGULAR) {
      throw new SyscallError("open", errnoNumber("EINVAL"), `${displayName(path)}, which is no regular file`);
    }
    return fs.openat(At.FDCWD, `/proc/self/fd/${found.fd}`, flags);
  }

  /** Makes a symbolic link that reads `target`. */
  symlink(target: Name, path: Name): void {
    const { dir, name } = this.#locate(path);
    fs.symlinkat(target, dir, name);
  }

  /** Makes a hard link to a file of this tree; a symbolic link is linked itself. */
  link(existing: Name, path: Name): void {
    const from = this.#locate(existing);
    // Looking up the second path may close the first one's parent, so it gets a descriptor of its own.
    using parent = fs.openat(from.dir, ".", OpenFlag.PATH | OpenFlag.DIRECTORY);
    const { dir, name } = this.#locate(path);
    fs.linkat(parent.fd, from.name, dir, name);
  }

  /** Makes a device node or a fifo. The mode loses the umask's bits. @requires CAP_MKNOD for devices */
  mknod(path: Name, node: Node): void {
    const { dir, name } = this.#locate(path);
    fs.mknodat(dir, name, NODE_TYPES[node.type] | node.mode, deviceNumber(node.major ?? 0, node.minor ?? 0));
  }

  /** Changes the owner of a file, of a symbolic link itself. Clears setuid and setgid of a regular file. */
  chown(path: Name, uid: number, gid: number): void {
    const { dir, name } = this.#locate(path);
    fs.lchownat(dir, name, uid, gid);
  }

  /** Sets the twelve bits of a file's mode. A symbolic link has none: EOPNOTSUPP. */
  chmod(path: Name, mode: number): void {
    const { dir, name } = this.#locate(path);
    fs.lchmodat(dir, name, mode);
  }

  /** Sets the times of access and modification, of a symbolic link itself. */
  setTimes(path: Name, time: fs.Timespec): void {
    const { dir, name } = this.#locate(path);
    fs.lutimensat(dir, name, time);
  }

  /** Sets an extended attribute, of a symbolic link itself. Needs /proc. */
  setXattr(path: Name, attribute: string, value: Uint8Array): void {
    lsetxattr(this.#procPath(path), attribute, value);
  }

  /** The value of an extended attribute; `undefined` when the file has none. */
  getXattr(path: Name, attribute: string): Uint8Array | undefined {
    return lgetxattr(this.#procPath(path), attribute);
  }

  /** The names of a file's extended attributes. */
  listXattrs(path: Name): string[] {
    return llistxattr(this.#procPath(path));
  }

  removeXattr(path: Name, attribute: string): void {
    lremovexattr(this.#procPath(path), attribute);
  }

  /** What the kernel knows of a file, of a symbolic link itself. */
  stat(path: Name): FileStatus {
    const { dir, name } = this.#locate(path);
    const found = fs.lstatx(dir, name);
    return {
      type: KINDS[found.mode & FileType.MASK]!,
      mode: found.mode & 0o7777,
      uid: found.uid,
      gid: found.gid,
      sizeBytes: found.size,
      blocks: found.blocks,
      links: found.nlink,
      inode: found.ino,
      modifiedAt: { seconds: found.mtimeSeconds, nanoseconds: found.mtimeNanoseconds },
      deviceMajor: found.rdevMajor,
      deviceMinor: found.rdevMinor,
    };
  }

  /** {@link stat}, or `undefined` when there is no such file. */
  statIfExists(path: Name): FileStatus | undefined {
    try {
      return this.stat(path);
    } catch (cause) {
      if (cause instanceof SyscallError && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
        return undefined;
      throw cause;
    }
  }

  /** The bytes that a symbolic link holds. */
  readlink(path: Name): Uint8Array {
    const { dir, name } = this.#locate(path);
    return fs.readlinkat(dir, name);
  }

  /** The entries of a folder, in no order, without `.` and `..`. */
  readdir(path: Name = "."): DirectoryEntry[] {
    using folder = this.openDirectory(path);
    const entries: DirectoryEntry[] = [];
    for (let batch = readEntries(folder.fd); batch !== undefined; batch = readEntries(folder.fd)) {
      entries.push(...batch);
    }
    return entries;
  }

  /** Removes a file, or a symbolic link itself. */
  unlink(path: Name): void {
    const { dir, name } = this.#locate(path);
    fs.unlinkat(dir, name);
    this.#forgetParents();
  }

  /** Removes an empty folder. */
  rmdir(path: Name): void {
    const { dir, name } = this.#locate(path);
    fs.unlinkat(dir, name, At.REMOVEDIR);
    this.#forgetParents();
  }

  /** Removes a file, or a folder with all it holds; nothing to remove is no error. Never crosses a mount. */
  removeTree(path: Name): void {
    const { dir, name } = this.#locate(path);
    removeTreeAt(dir, name);
    this.#forgetParents();
  }

  /** Renames inside the tree; replaces a file, a symbolic link or an empty folder. */
  rename(existing: Name, path: Name): void {
    const from = this.#locate(existing);
    using parent = fs.openat(from.dir, ".", OpenFlag.PATH | OpenFlag.DIRECTORY);
    const { dir, name } = this.#locate(path);
    fs.renameat(parent.fd, from.name, dir, name);
    this.#forgetParents();
  }

  /** Waits until everything on this folder's file system is on disk. */
  syncFileSystem(): void {
    fs.syncfs(this.fd);
  }

  /** Waits until the folder's own entries are on disk. */
  sync(): void {
    fs.fsync(this.fd);
  }

  [Symbol.dispose](): void {
    this.#forgetParents();
    this.#root.close();
  }

  /** The open parent of a path and the path's last part. The descriptor is good until the next lookup. */
  #locate(path: Name): { dir: number; name: Uint8Array } {
    const { parent, name } = splitPath(path);
    if (parent.length === 0) return { dir: this.fd, name };
    const key = Buffer.from(parent.buffer, parent.byteOffset, parent.length).toString("latin1");
    let folder = this.#parents.get(key);
    if (folder === undefined) {
      const flags = OpenFlag.PATH | OpenFlag.DIRECTORY;
      folder = fs.openat2(this.fd, parent, { flags, resolve: RESOLVE_INSIDE });
      if (this.#parents.size >= PARENTS_MAX) this.#forgetOldest();
    } else {
      this.#parents.delete(key);
    }
    this.#parents.set(key, folder); // Last in the map's order: the most recently used.
    return { dir: folder.fd, name };
  }

  /** Extended attributes have no `*at` calls before Linux 6.13; /proc/self/fd names the open parent instead. */
  #procPath(path: Name): Uint8Array {
    const { dir, name } = this.#locate(path);
    const prefix = Buffer.from(`/proc/self/fd/${dir}/`);
    return Buffer.concat([prefix, name]);
  }

  #forgetOldest(): void {
    const oldest = this.#parents.entries().next().value;
    if (oldest === undefined) return;
    oldest[1].close();
    this.#parents.delete(oldest[0]);
  }

  /** After a removal a path may lead elsewhere: through a link that is gone, to a folder that is new. */
  #forgetParents(): void {
    for (const parent of this.#parents.values()) parent.close();
    this.#parents.clear();
  }
}

const encoder = new TextEncoder();

function isSelf(path: Name): boolean {
  return path.length === 0 || path === ".";
}

function splitPath(path: Name): { parent: Uint8Array; name: Uint8Array } {
  const bytes = typeof path === "string" ? encoder.encode(path) : path;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === SLASH) end--;
  if (end === 0) return { parent: bytes.subarray(0, 0), name: SELF };
  const slash = bytes.lastIndexOf(SLASH, end - 1);
  const name = bytes.subarray(slash + 1, end);
  if (name.length === 2 && name[0] === DOT && name[1] === DOT) {
    throw new SyscallError("open", errnoNumber("EINVAL"), `${displayName(bytes)}, which ends in ".."`);
  }
  return { parent: bytes.subarray(0, Math.max(slash, 0)), name };
}

/** The kernel's encoding of a device number for mknod(2): makedev(3). */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}
