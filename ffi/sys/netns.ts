import { bind } from "../libc.ts";
import { ret } from "../ret.ts";

const libc = bind({
  setns: { args: ["i32", "i32"], returns: "i32" },
  unshare: { args: ["i32"], returns: "i32" },
});

/** linux/sched.h: a network namespace. */
export const CLONE_NEWNET = 0x40000000;

/**
 * Moves the calling thread, and no other, into the network namespace that `fd` names.
 *
 * @throws {SyscallError} EPERM without CAP_SYS_ADMIN in both; EINVAL when `fd` is no network namespace
 * @see setns(2)
 */
export function setNetworkNamespace(fd: number): void {
  ret("setns", `network namespace ${fd}`, () => libc.setns(fd, CLONE_NEWNET));
}

/**
 * Moves the calling thread, and no other, into a network namespace of its own.
 *
 * @throws {SyscallError} EPERM without CAP_SYS_ADMIN; ENOSPC beyond user.max_net_namespaces
 * @see unshare(2)
 */
export function unshareNetworkNamespace(): void {
  ret("unshare", "network namespace", () => libc.unshare(CLONE_NEWNET));
}
