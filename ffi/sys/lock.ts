import { bind, readErrno } from "../libc.ts";
import { SyscallError } from "../syscall-error.ts";

const libc = bind({ flock: { args: ["i32", "i32"], returns: "i32" } });

const EINTR = 4;
const EAGAIN = 11;
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the exclusive lock of an open file, waiting for whoever has it. The kernel releases it with the descriptor.
 *
 * @returns false when `wait` is false and somebody has it
 * @see flock(2)
 */
export function lockExclusive(fd: number, { wait, subject }: { wait: boolean; subject: string }): boolean {
  for (;;) {
    if (libc.flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) === 0) return true;
    const errno = readErrno();
    if (errno === EAGAIN && !wait) return false;
    if (errno !== EINTR) throw new SyscallError("flock", errno, subject);
  }
}
