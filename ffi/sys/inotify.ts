import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret } from "../ret.ts";

const libc = bind({
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "cstring", "u32"], returns: "i32" },
});

/** inotify_init1(2) flags, asm-generic/fcntl.h. */
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

/** Opens an inotify instance: non-blocking, close-on-exec. @see inotify_init1(2) */
export function inotifyInit(): OwnedFd {
  return new OwnedFd(ret("inotify_init1", "", () => libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)));
}

/**
 * Watches a path. @returns the watch descriptor
 *
 * @throws {SyscallError} ENOENT; ENOSPC at the user's limit of watches.
 * @see inotify_add_watch(2)
 */
export function inotifyAddWatch(fd: number, path: string, mask: number): number {
  return ret("inotify_add_watch", path, () => libc.inotify_add_watch(fd, path, mask));
}
