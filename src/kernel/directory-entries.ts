import { getdents64 } from "../../ffi/sys/fs.ts";

/** What a folder's entry is, as far as the file system tells without a stat: `DT_*` of readdir(3). */
export type EntryType =
  "file" | "directory" | "symlink" | "character" | "block" | "fifo" | "socket" | "unknown";

export interface DirectoryEntry {
  /** The name's bytes; not always UTF-8. Never `.` or `..`. */
  readonly name: Uint8Array;
  readonly type: EntryType;
}

/** `DT_*`, dirent.h. */
const ENTRY_TYPES: Readonly<Record<number, EntryType>> = {
  1: "fifo",
  2: "character",
  4: "directory",
  6: "block",
  8: "file",
  10: "symlink",
  12: "socket",
};

const BATCH_BYTES = 32_768;

/** Offsets in `struct linux_dirent64`, linux/dirent.h: inode and offset (u64 each) come first. */
const RECORD_LENGTH_OFFSET = 16;
const TYPE_OFFSET = 18;
const NAME_OFFSET = 19;

const DOT = 0x2e;

/**
 * Reads the next entries of an open folder, as many as fit one buffer.
 *
 * @returns `undefined` at the folder's end; an empty list means only that this batch held `.` and `..` alone
 * @throws {SyscallError} ENOENT when the folder was removed meanwhile
 */
export function readEntries(fd: number): DirectoryEntry[] | undefined {
  const buffer = new Uint8Array(BATCH_BYTES);
  const used = getdents64(fd, buffer);
  if (used === 0) return undefined;
  const view = new DataView(buffer.buffer);
  const entries: DirectoryEntry[] = [];
  for (let start = 0; start < used; start += view.getUint16(start + RECORD_LENGTH_OFFSET, true)) {
    const name = buffer.subarray(start + NAME_OFFSET, buffer.indexOf(0, start + NAME_OFFSET));
    if (!isDots(name)) entries.push({ name, type: ENTRY_TYPES[buffer[start + TYPE_OFFSET]!] ?? "unknown" });
  }
  return entries;
}

function isDots(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}
