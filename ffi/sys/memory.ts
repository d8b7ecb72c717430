import { type Pointer, toArrayBuffer } from "bun:ffi";
import { bind } from "../libc.ts";
import { ret } from "../ret.ts";

const libc = bind({
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "i64" },
  mprotect: { args: ["i64", "u64", "i32"], returns: "i32" },
});

/** asm-generic/mman-common.h */
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;

/**
 * Puts machine code where it can be executed, for the rest of the process's life.
 *
 * The page is writable first and executable after, never both. The kernel's mprotect makes the instruction
 * cache coherent on aarch64 when it turns the page executable, before anything can have run from it.
 *
 * @returns the code's address
 * @throws {SyscallError} EACCES where a security module forbids executable anonymous memory.
 * @see mmap(2), mprotect(2)
 */
export function mapCode(code: Uint8Array): number {
  const { length } = code;
  const subject = `${length} bytes`;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const address = ret("mmap", subject, () =>
    Number(libc.mmap(null, length, PROT_READ | PROT_WRITE, flags, -1, 0)),
  );
  new Uint8Array(toArrayBuffer(address as Pointer, 0, length)).set(code);
  ret("mprotect", subject, () => libc.mprotect(address, length, PROT_READ | PROT_EXEC));
  return address;
}
