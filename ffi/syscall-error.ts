import { errnoCode, errnoText } from "./errno.ts";

/** A system call that failed: which call, on what, and the kernel's reason by its name in errno(3). */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** The call's name, as its man page has it. */
  readonly syscall: string;
  readonly errno: number;
  /** The errno's symbolic name, `"ENOENT"`; `"E" + number` for one that errno(3) does not list. */
  readonly code: string;
  /** What the call was made on: a path, a link, a descriptor. */
  readonly subject: string;

  constructor(syscall: string, errno: number, subject: string) {
    const code = errnoCode(errno);
    super(`${syscall} ${subject}: ${code} (${errnoText(errno)})`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
    this.subject = subject;
  }
}
