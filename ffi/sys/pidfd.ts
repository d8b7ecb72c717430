import { syscallNumber } from "../abi/syscalls.ts";
import { errnoNumber } from "../errno.ts";
import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { retUnless } from "../ret.ts";

const libc = bind({
  syscall: { args: ["i64", "i32", "i32", "ptr", "u32"], returns: "i32" },
});

const PIDFD_OPEN = syscallNumber("pidfd_open");
const PIDFD_SEND_SIGNAL = syscallNumber("pidfd_send_signal");
const ESRCH = errnoNumber("ESRCH");

/**
 * A descriptor for a process, which never comes to mean another one: it becomes readable when the process ends.
 *
 * @returns `undefined` when there is no such process
 * @throws {SyscallError} EINVAL for a thread that leads no process; EMFILE
 * @requires Linux ≥ 5.3
 * @see pidfd_open(2)
 */
export function pidfdOpen(pid: number): OwnedFd | undefined {
  const fd = retUnless("pidfd_open", `pid ${pid}`, [ESRCH], () => libc.syscall(PIDFD_OPEN, pid, 0, null, 0));
  return fd < 0 ? undefined : new OwnedFd(fd);
}

/**
 * Sends a signal to the process of a pidfd.
 *
 * @returns false when the process has ended
 * @throws {SyscallError} EPERM
 * @requires Linux ≥ 5.1
 * @see pidfd_send_signal(2)
 */
export function pidfdSendSignal(pidfd: number, signal: number): boolean {
  const result = retUnless("pidfd_send_signal", `signal ${signal}`, [ESRCH], () =>
    libc.syscall(PIDFD_SEND_SIGNAL, pidfd, signal, null, 0),
  );
  return result === 0;
}
