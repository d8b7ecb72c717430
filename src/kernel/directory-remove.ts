/** Removing a tree, by descriptors alone: no link is followed, no mount is entered, however deep it goes. */
import { displayName, type Name } from "../../ffi/c-string.ts";
import { errnoNumber } from "../../ffi/errno.ts";
import type { OwnedFd } from "../../ffi/fd.ts";
import { At, OpenFlag, Resolve } from "../../ffi/structs/fcntl.ts";
import { FileType } from "../../ffi/structs/stat.ts";
import { lchmodat, lstatx, openat, openat2, rewind, unlinkat } from "../../ffi/sys/fs.ts";
import { SyscallError } from "../../ffi/syscall-error.ts";
import { type DirectoryEntry, readEntries } from "./directory-entries.ts";

/** Folders that stay open on the way down; the ones above are closed and found again through `..`. */
const OPEN_LEVELS_MAX = 32;

const FOLDER = OpenFlag.RDONLY | OpenFlag.DIRECTORY | OpenFlag.NOFOLLOW;

/** A folder on the way down. */
interface Level {
  /** Its name in the level above. */
  readonly name: Uint8Array;
  readonly device: string;
  readonly inode: bigint;
  /** `undefined` while it is closed. */
  folder: OwnedFd | undefined;
  /** Entries that were read and are not removed yet. */
  pending: DirectoryEntry[];
  /** Whether anything was removed since the folder was last read from its start. */
  changed: boolean;
}

/**
 * Removes a file, or a folder with all it holds. A thing that is not there, or goes meanwhile, is no error.
 *
 * A folder whose mode forbids it is made writable first. A mount point inside stops the removal, with what it holds
 * untouched.
 *
 * @throws {SyscallError} EXDEV or EBUSY at a mount point; EPERM, EROFS
 */
export function removeTreeAt(dir: number, name: Uint8Array): void {
  if (removeLeaf(dir, { name, type: "unknown" })) return;
  const levels: Level[] = [];
  try {
    const top = enter(dir, name);
    if (top === undefined) return;
    levels.push(top);
    while (levels.length > 0) removeNext(dir, levels);
  } finally {
    for (const level of levels) level.folder?.close();
  }
}

/** Removes one leaf of the innermost level, or enters a folder there, or leaves the level when it is empty. */
function removeNext(dir: number, levels: Level[]): void {
  const level = levels.at(-1)!;
  const folder = level.folder!;
  const entry = level.pending.pop();
  if (entry === undefined) {
    if (refill(level, folder.fd)) return;
    leave(dir, levels);
    return;
  }
  level.changed = true;
  if (removeLeaf(folder.fd, entry)) return;
  const inner = enter(folder.fd, entry.name);
  if (inner === undefined) return;
  levels.push(inner);
  const far = levels.at(-1 - OPEN_LEVELS_MAX);
  far?.folder?.close();
  if (far !== undefined) far.folder = undefined;
}

/** Reads more entries: false when the folder is empty. Removing while reading may skip some, hence the second look. */
function refill(level: Level, fd: number): boolean {
  for (;;) {
    const entries = readEntries(fd);
    if (entries !== undefined) {
      level.pending = entries;
      if (entries.length > 0) return true;
    } else {
      if (!level.changed) return false;
      level.changed = false;
      rewind(fd);
    }
  }
}

/** Removes the innermost level, which is empty, and goes back to the one above it. */
function leave(dir: number, levels: Level[]): void {
  const level = levels.at(-1)!;
  const above = levels.at(-2);
  if (above !== undefined && above.folder === undefined) above.folder = reopen(level.folder!, above);
  unlinkIfExists(above?.folder?.fd ?? dir, level.name, At.REMOVEDIR);
  level.folder?.close();
  levels.pop();
}

/** Opens the folder above again. Somebody who moved the tree meanwhile would lead us elsewhere, hence the check. */
function reopen(folder: OwnedFd, above: Level): OwnedFd {
  const found = openat(folder.fd, "..", FOLDER);
  const { device, inode } = identity(found.fd);
  if (device === above.device && inode === above.inode) {
    above.changed = true; // It is read from its start.
    return found;
  }
  found.close();
  throw new SyscallError(
    "openat",
    errnoNumber("ESTALE"),
    `${displayName(above.name)}, moved while it was removed`,
  );
}

function enter(dir: number, name: Uint8Array): Level | undefined {
  try {
    const folder = openFolder(dir, name);
    return { name, folder, ...identity(folder.fd), pending: [], changed: false };
  } catch (cause) {
    if (cause instanceof SyscallError && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

function openFolder(dir: number, name: Name): OwnedFd {
  const how = { flags: FOLDER, resolve: Resolve.NO_XDEV | Resolve.NO_SYMLINKS };
  try {
    return openat2(dir, name, how);
  } catch (cause) {
    if (!(cause instanceof SyscallError) || cause.code !== "EACCES") throw cause;
    lchmodat(dir, name, 0o700);
    return openat2(dir, name, how);
  }
}

/** Removes what is not a folder; false when it is one. */
function removeLeaf(dir: number, entry: DirectoryEntry): boolean {
  if (entry.type === "directory") return false;
  try {
    unlinkIfExists(dir, entry.name);
    return true;
  } catch (cause) {
    // Linux says EISDIR for a folder, POSIX says EPERM, and some file systems follow POSIX.
    if (!(cause instanceof SyscallError) || (cause.code !== "EISDIR" && cause.code !== "EPERM")) throw cause;
    const { mode } = lstatx(dir, entry.name);
    if ((mode & FileType.MASK) !== FileType.DIRECTORY) throw cause;
    return false;
  }
}

function unlinkIfExists(dir: number, name: Uint8Array, flags = 0): void {
  for (let attempt = 1; ; attempt++) {
    try {
      unlinkat(dir, name, flags);
      return;
    } catch (cause) {
      if (!(cause instanceof SyscallError)) throw cause;
      if (cause.code === "ENOENT") return;
      if (cause.code !== "EACCES" || attempt > 1) throw cause;
      lchmodat(dir, ".", 0o700); // The folder it is in forbids the removal.
    }
  }
}

function identity(fd: number): { device: string; inode: bigint } {
  const { devMajor, devMinor, ino } = lstatx(fd, "");
  return { device: `${devMajor}:${devMinor}`, inode: ino };
}
