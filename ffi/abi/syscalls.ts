import { AARCH64_SYSCALLS } from "./aarch64.ts";
import { X86_64_SYSCALLS } from "./x86-64.ts";

export type Arch = "x86-64" | "aarch64";

/** The architecture this process runs on. */
export const ARCH: Arch = process.arch === "arm64" ? "aarch64" : "x86-64";

/** The system-call table of an architecture: name, as its man page has it, to number. */
export function syscallTable(arch: Arch = ARCH): Readonly<Record<string, number>> {
  return arch === "aarch64" ? AARCH64_SYSCALLS : X86_64_SYSCALLS;
}

/** The number of a system call. Throws when the architecture has none of that name: a programmer's error. */
export function syscallNumber(name: string, arch: Arch = ARCH): number {
  const number = syscallTable(arch)[name];
  if (number === undefined) throw new Error(`${arch} has no system call ${name}`);
  return number;
}
