import { struct } from "../struct.ts";

/**
 * libc's `struct sigaction` (not the kernel's): the same in glibc and musl, on x86-64 and aarch64.
 *
 * @see sigaction(2)
 */
export const sigaction = struct({
  sa_handler: "u64",
  sa_mask: "bytes128",
  sa_flags: "i32",
  sa_restorer: "u64",
});

/** asm-generic/signal-defs.h */
export const SaFlag = { ONSTACK: 0x0800_0000, RESTART: 0x1000_0000 } as const;

/** Special values of `sa_handler`, asm-generic/signal-defs.h. */
export const SIG_DFL = 0n;
export const SIG_IGN = 1n;
