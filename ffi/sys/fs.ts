/** Files and folders below a folder's descriptor: the `*at` family, and what is done on an open file. */
import { syscallNumber } from "../abi/syscalls.ts";
import { cString, displayName, type Name } from "../c-string.ts";
import { OwnedFd } from "../fd.ts";
import { bind, readErrno } from "../libc.ts";
import { ret } from "../ret.ts";
import { At, OpenFlag, openHow } from "../structs/fcntl.ts";
import { STATX_BASIC_STATS, statxStruct } from "../structs/stat.ts";
import { SyscallError } from "../syscall-error.ts";

const EINTR = 4;

// Results are declared int: ssize_t and long here never exceed 2 GiB, and bun:ffi returns an int as a plain number.
const libc = bind({
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  mkdirat: { args: ["i32", "ptr", "u32"], returns: "i32" },
  mknodat: { args: ["i32", "ptr", "u32", "u64"], returns: "i32" },
  symlinkat: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  linkat: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  renameat: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
  unlinkat: { args: ["i32", "ptr", "i32"], returns: "i32" },
  readlinkat: { args: ["i32", "ptr", "ptr", "u64"], returns: "i32" },
  fchownat: { args: ["i32", "ptr", "u32", "u32", "i32"], returns: "i32" },
  fchmodat: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  utimensat: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  fchown: { args: ["i32", "u32", "u32"], returns: "i32" },
  fchmod: { args: ["i32", "u32"], returns: "i32" },
  futimens: { args: ["i32", "ptr"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i32" },
  fsync: { args: ["i32"], returns: "i32" },
  syncfs: { args: ["i32"], returns: "i32" },
});

// libc's syscall(2) takes what the call takes, so each call with a number of its own binds it anew.
const openat2Raw = bind({
  syscall: { args: ["i64", "i32", "ptr", "ptr", "u64"], returns: "i32" },
}).syscall;
const statxRaw = bind({
  syscall: { args: ["i64", "i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
}).syscall;
const getdentsRaw = bind({ syscall: { args: ["i64", "i32", "ptr", "u64"], returns: "i32" } }).syscall;

const OPENAT2 = syscallNumber("openat2");
const STATX = syscallNumber("statx");
const GETDENTS64 = syscallNumber("getdents64");

/** A point in time as the kernel keeps it. Seconds may be negative; nanoseconds are 0 to 999,999,999. */
export interface Timespec {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** {@link ret} for calls on a name: the name is made readable when the call has failed, and not before. */
function retOn(syscall: string, name: Name, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const errno = readErrno(); // Nothing may run between the call and this line.
    if (errno !== EINTR) throw new SyscallError(syscall, errno, displayName(name));
  }
}

/**
 * Opens a file relative to a folder's descriptor. `O_CLOEXEC` is always set.
 *
 * @see openat(2)
 */
export function openat(dir: number, name: Name, flags: number, mode = 0): OwnedFd {
  const path = cString(name);
  return new OwnedFd(retOn("openat", name, () => libc.openat(dir, path, flags | OpenFlag.CLOEXEC, mode)));
}

/**
 * Opens a file relative to a folder's descriptor under restrictions on the walk to it. `O_CLOEXEC` is always set.
 *
 * @param how.resolve `Resolve.*` flags: what the walk may not do
 * @throws {SyscallError} EXDEV where the walk would leave the folder or the mount, ELOOP at a forbidden link, EAGAIN
 *   when a rename raced with `..` (the caller may try again)
 * @see openat2(2), Linux ≥ 5.6
 */
export function openat2(
  dir: number,
  name: Name,
  how: { readonly flags: number; readonly mode?: number; readonly resolve: bigint },
): OwnedFd {
  const path = cString(name);
  const flags = BigInt(how.flags | OpenFlag.CLOEXEC);
  const open = openHow.encode({ flags, mode: BigInt(how.mode ?? 0), resolve: how.resolve });
  return new OwnedFd(retOn("openat2", name, () => openat2Raw(OPENAT2, dir, path, open, openHow.size)));
}

/** Makes a folder. The mode loses the umask's bits, and setuid and setgid. @see mkdirat(2) */
export function mkdirat(dir: number, name: Name, mode: number): void {
  const path = cString(name);
  retOn("mkdirat", name, () => libc.mkdirat(dir, path, mode));
}

/** Makes a node; `mode` holds the file type. @requires CAP_MKNOD for devices but 0:0. @see mknodat(2) */
export function mknodat(dir: number, name: Name, mode: number, device = 0n): void {
  const path = cString(name);
  retOn("mknodat", name, () => libc.mknodat(dir, path, mode, device));
}

/** Makes a symbolic link that reads `target`. @see symlinkat(2) */
export function symlinkat(target: Name, dir: number, name: Name): void {
  const path = cString(name);
  const text = cString(target);
  retOn("symlinkat", name, () => libc.symlinkat(text, dir, path));
}

/** Makes a hard link to `from`, which is not followed when it is a symbolic link. @see linkat(2) */
export function linkat(fromDir: number, from: Name, dir: number, name: Name): void {
  const existing = cString(from);
  const path = cString(name);
  retOn("linkat", name, () => libc.linkat(fromDir, existing, dir, path, 0));
}

/** Renames within a file system, replacing a file or an empty folder that has the new name. @see renameat(2) */
export function renameat(fromDir: number, from: Name, dir: number, name: Name): void {
  const existing = cString(from);
  const path = cString(name);
  retOn("renameat", name, () => libc.renameat(fromDir, existing, dir, path));
}

/** Removes a name; with `At.REMOVEDIR` an empty folder. @see unlinkat(2) */
export function unlinkat(dir: number, name: Name, flags = 0): void {
  const path = cString(name);
  retOn("unlinkat", name, () => libc.unlinkat(dir, path, flags));
}

/** The bytes a symbolic link holds. @see readlinkat(2) */
export function readlinkat(dir: number, name: Name): Uint8Array {
  const path = cString(name);
  const target = new Uint8Array(4096);
  return target.subarray(
    0,
    retOn("readlinkat", name, () => libc.readlinkat(dir, path, target, target.length)),
  );
}

/** Changes a file's owner; a symbolic link's own. Clears setuid and setgid of a regular file. @see fchownat(2) */
export function lchownat(dir: number, name: Name, uid: number, gid: number): void {
  const path = cString(name);
  retOn("fchownat", name, () => libc.fchownat(dir, path, uid, gid, At.SYMLINK_NOFOLLOW));
}

/**
 * Changes a file's permissions. Never those of what a symbolic link points to: libc uses fchmodat2(2) where the
 * kernel has it and /proc/self/fd otherwise.
 *
 * @throws {SyscallError} EOPNOTSUPP for a symbolic link
 * @see fchmodat(2)
 */
export function lchmodat(dir: number, name: Name, mode: number): void {
  const path = cString(name);
  retOn("fchmodat", name, () => libc.fchmodat(dir, path, mode, At.SYMLINK_NOFOLLOW));
}

const times = new BigInt64Array(4);

function timesOf(time: Timespec): BigInt64Array {
  times[0] = times[2] = time.seconds;
  times[1] = times[3] = BigInt(time.nanoseconds);
  return times;
}

/** Sets the times of access and modification, a symbolic link's own. @see utimensat(2) */
export function lutimensat(dir: number, name: Name, time: Timespec): void {
  const path = cString(name);
  retOn("utimensat", name, () => libc.utimensat(dir, path, timesOf(time), At.SYMLINK_NOFOLLOW));
}

/** What the kernel knows of a file; of a symbolic link itself. An empty name means the descriptor. @see statx(2) */
export function lstatx(dir: number, name: Name) {
  const path = cString(name);
  const bytes = new Uint8Array(statxStruct.size);
  const flags = At.SYMLINK_NOFOLLOW | (path.length === 1 ? At.EMPTY_PATH : 0);
  retOn("statx", name, () => statxRaw(STATX, dir, path, flags, STATX_BASIC_STATS, bytes));
  return statxStruct.decode(bytes);
}

/** Changes an open file's owner. @see fchown(2) */
export function fchown(fd: number, uid: number, gid: number): void {
  ret("fchown", `descriptor ${fd}`, () => libc.fchown(fd, uid, gid));
}

/** Changes an open file's permissions. @see fchmod(2) */
export function fchmod(fd: number, mode: number): void {
  ret("fchmod", `descriptor ${fd}`, () => libc.fchmod(fd, mode));
}

/** Sets an open file's times of access and modification. @see futimens(3) */
export function futimens(fd: number, time: Timespec): void {
  ret("futimens", `descriptor ${fd}`, () => libc.futimens(fd, timesOf(time)));
}

/** Writes once; returns how many bytes the kernel took. @see write(2) */
export function write(fd: number, bytes: Uint8Array): number {
  return ret("write", `descriptor ${fd}`, () => libc.write(fd, bytes, bytes.length));
}

/** Moves a descriptor's offset back to its start. @see lseek(2) */
export function rewind(fd: number): void {
  ret("lseek", `descriptor ${fd}`, () => libc.lseek(fd, 0, 0));
}

/** Fills `buffer` with `struct linux_dirent64`; returns the bytes used, 0 at the folder's end. @see getdents64(2) */
export function getdents64(fd: number, buffer: Uint8Array): number {
  return ret("getdents64", `descriptor ${fd}`, () => getdentsRaw(GETDENTS64, fd, buffer, buffer.length));
}

/** Waits until the file's data and metadata are on disk. @see fsync(2) */
export function fsync(fd: number): void {
  ret("fsync", `descriptor ${fd}`, () => libc.fsync(fd));
}

/** Waits until everything on the file system of `fd` is on disk. @see syncfs(2) */
export function syncfs(fd: number): void {
  ret("syncfs", `descriptor ${fd}`, () => libc.syncfs(fd));
}
