import { readErrno } from "./libc.ts";
import { SyscallError } from "./syscall-error.ts";

const EINTR = 4;

/**
 * Turns libc's "-1 and errno" into a value or a thrown {@link SyscallError}.
 *
 * Retries EINTR, so it must not wrap close(2) or a call whose interruption means something.
 *
 * @param syscall the call's name, as its man page has it
 * @param subject what it was called on: a path, a link, a descriptor
 */
export function ret(syscall: string, subject: string, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const errno = readErrno(); // Nothing may run between the call and this line.
    if (errno !== EINTR) throw new SyscallError(syscall, errno, subject);
  }
}

/** Like {@link ret}, but a failure whose errno is one of `expected` is returned as its negative instead of thrown. */
export function retUnless(
  syscall: string,
  subject: string,
  expected: readonly number[],
  call: () => number,
): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const errno = readErrno();
    if (expected.includes(errno)) return -errno;
    if (errno !== EINTR) throw new SyscallError(syscall, errno, subject);
  }
}
