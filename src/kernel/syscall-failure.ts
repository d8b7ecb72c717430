import { SyscallError } from "../../ffi/syscall-error.ts";

/** The errno's name when `cause` is a failed system call, `"ENOENT"`; `undefined` for any other error. */
export function failureCode(cause: unknown): string | undefined {
  return cause instanceof SyscallError ? cause.code : undefined;
}
