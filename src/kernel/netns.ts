/** Network namespaces: opening those of processes, and visiting them for a moment. */
import { closeSync, openSync } from "node:fs";
import { OwnedFd } from "../../ffi/fd.ts";
import { setNetworkNamespace } from "../../ffi/sys/netns.ts";

/**
 * Opens a process's network namespace. The descriptor keeps the namespace alive.
 *
 * @throws {Error} with code ENOENT or ESRCH when there is no such process
 */
export function openNetworkNamespace(pid: number | "self"): OwnedFd {
  return new OwnedFd(openSync(`/proc/${pid}/ns/net`, "r"));
}

/**
 * Runs `visit` with the JavaScript thread in another network namespace and moves it back.
 *
 * Sockets opened and /proc/sys/net files opened in `visit` belong to that namespace. It must be synchronous: Bun's
 * other threads stay where they are, and so would whatever is awaited.
 *
 * @throws {SyscallError} EPERM without CAP_SYS_ADMIN in the namespace's owner
 */
export function inNetworkNamespace<Result>(fd: number, visit: () => Result): Result {
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    setNetworkNamespace(fd);
    try {
      return visit();
    } finally {
      // A failure here leaves the thread astray: it must end the command, so nothing catches it.
      setNetworkNamespace(home);
    }
  } finally {
    closeSync(home);
  }
}
