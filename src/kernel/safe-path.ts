/**
 * Handles of files whose names are not to be trusted: looked at before they are opened, and never followed.
 *
 * A handle (O_PATH) does not open the file: a fifo does not block, a device does not act, a link stays a
 * link.
 */
import { errnoNumber } from "../../ffi/errno.ts";
import { OwnedFd } from "../../ffi/fd.ts";
import { At, OpenFlag, Resolve } from "../../ffi/structs/fcntl.ts";
import { FileType } from "../../ffi/structs/stat.ts";
import { lstatx, openat, openat2, readlinkat } from "../../ffi/sys/fs.ts";
import { lgetxattr } from "../../ffi/sys/xattr.ts";
import { SyscallError } from "../../ffi/syscall-error.ts";
import { readAt } from "./input.ts";

export { OwnedFd };

export interface HandleStatus {
  readonly type: "file" | "directory" | "symlink" | "whiteout" | "other";
  /** Permissions with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
}

/** Opens a handle of a folder of the machine. @throws {SyscallError} ENOENT, ENOTDIR */
export function openFolderHandle(path: string): OwnedFd {
  return openat(At.FDCWD, path, OpenFlag.PATH | OpenFlag.DIRECTORY);
}

/**
 * Opens a handle of `name`, which has no slash, in a folder; of a symbolic link itself. `undefined`: there is
 * none.
 */
export function openHandleAt(folder: number, name: string): OwnedFd | undefined {
  try {
    return openat(folder, name, OpenFlag.PATH | OpenFlag.NOFOLLOW);
  } catch (cause) {
    if (cause instanceof SyscallError && ["ENOENT", "ENAMETOOLONG"].includes(cause.code)) return undefined;
    throw cause;
  }
}

/** What a handle is of. A whiteout is overlayfs's own: a character device 0:0. */
export function statusOf(handle: OwnedFd): HandleStatus {
  const { mode, uid, gid, size, rdevMajor, rdevMinor } = lstatx(handle.fd, "");
  const format = mode & FileType.MASK;
  const whiteout = format === FileType.CHARACTER && rdevMajor === 0 && rdevMinor === 0;
  return {
    type: whiteout ? "whiteout" : typeOf(format),
    mode: mode & 0o7777,
    uid,
    gid,
    sizeBytes: Number(size),
  };
}

function typeOf(format: number): HandleStatus["type"] {
  if (format === FileType.REGULAR) return "file";
  if (format === FileType.DIRECTORY) return "directory";
  return format === FileType.SYMLINK ? "symlink" : "other";
}

/** The text of the symbolic link that a handle is of. */
export function linkTarget(handle: OwnedFd): string {
  return new TextDecoder().decode(readlinkat(handle.fd, ""));
}

/**
 * Whether the folder hides those of its name in the layers below.
 *
 * @see overlayfs.rst "whiteouts and opaque directories"
 */
export function isOpaque(folder: OwnedFd): boolean {
  // The handle's own link: an xattr cannot be asked of an O_PATH descriptor. With a dot, it is of the folder.
  const path = `/proc/self/fd/${folder.fd}/.`;
  return ["trusted.overlay.opaque", "user.overlay.opaque"].some(
    (name) => attribute(path, name)?.[0] === 0x79,
  );
}

function attribute(path: string, name: string): Uint8Array | undefined {
  try {
    return lgetxattr(path, name);
  } catch (cause) {
    // A file system without attributes.
    if (cause instanceof SyscallError && ["EOPNOTSUPP", "EPERM"].includes(cause.code)) return undefined;
    throw cause;
  }
}

/**
 * Reads the beginning of the regular file that a handle is of.
 *
 * @param limitBytes at most so much is read
 * @throws {SyscallError} EINVAL when it is no regular file
 */
export function readHandle(handle: OwnedFd, limitBytes: number): Uint8Array<ArrayBuffer> {
  if (statusOf(handle).type !== "file") {
    throw new SyscallError(
      "open",
      errnoNumber("EINVAL"),
      `descriptor ${handle.fd}, which is no regular file`,
    );
  }
  using file = openat(At.FDCWD, `/proc/self/fd/${handle.fd}`, OpenFlag.RDONLY | OpenFlag.NONBLOCK);
  const bytes = new Uint8Array(Math.max(1, Math.min(limitBytes, statusOf(handle).sizeBytes)));
  let length = 0;
  while (length < bytes.length) {
    const count = readAt(file.fd, { bytes, offset: length, length: bytes.length - length }, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.slice(0, Math.min(length, limitBytes));
}

/**
 * Opens a handle of `path` as if the folder `root` were `/`: no symbolic link and no `..` leads out of it.
 *
 * @throws {SyscallError} ENOENT, ELOOP
 * @requires Linux ≥ 5.6
 * @see openat2(2) RESOLVE_IN_ROOT
 */
export function openInRoot(root: number, path: string): OwnedFd {
  return openat2(root, path, { flags: OpenFlag.PATH, resolve: Resolve.IN_ROOT | Resolve.NO_MAGICLINKS });
}
