/**
 * The one place that opens libc.
 *
 * Each family under `ffi/sys/` binds the symbols it needs, so a command pays only for the families it uses
 * (a symbol costs about 4 µs). Both libcs are tried by name: glibc's and musl's.
 */
import { dlopen, type FFIFunction, type Pointer, read } from "bun:ffi";

const LIBC_NAMES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** Binds libc symbols; the keys are the man pages' names, the values their C signatures in `bun:ffi` types. */
export function bind<const Symbols extends Record<string, FFIFunction>>(symbols: Symbols) {
  let failure: unknown;
  for (const name of LIBC_NAMES) {
    try {
      return dlopen(name, symbols).symbols;
    } catch (cause) {
      failure = cause;
    }
  }
  throw new Error(`Cannot open libc as any of ${LIBC_NAMES.join(", ")}`, { cause: failure });
}

const errnoLocation: Pointer = bind({
  __errno_location: { args: [], returns: "ptr" },
}).__errno_location() as Pointer;

/**
 * Reads errno of this thread.
 *
 * Nothing may run between the failed call and this one. (Bun stays on one thread for JavaScript, so the address of
 * errno never changes.)
 */
export function readErrno(): number {
  return read.i32(errnoLocation);
}
