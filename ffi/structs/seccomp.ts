import { struct } from "../struct.ts";

/** struct sock_filter, linux/filter.h: one instruction of a classic BPF program. */
export const sock_filter = struct({ code: "u16", jt: "u8", jf: "u8", k: "u32" });

/** struct seccomp_data, linux/seccomp.h: what a filter looks at. Instructions load 32 bits of it at a time. */
export const seccomp_data = struct({
  nr: "i32",
  arch: "u32",
  instruction_pointer: "u64",
  arg0: "u64",
  arg1: "u64",
  arg2: "u64",
  arg3: "u64",
  arg4: "u64",
  arg5: "u64",
});

/** BPF_MAXINSNS, linux/bpf_common.h: the most instructions of one filter. */
export const BPF_MAXINSNS = 4096;

/** linux/bpf_common.h: class | operation | source, for the instructions used here. A is the accumulator. */
export const FilterCode = {
  /** A = the 32 bits at k */
  LD_ABS: 0x20,
  /** A &= k */
  AND: 0x54,
  /** Skip k instructions. */
  JA: 0x05,
  /** A == k: skip jt instructions, else jf */
  JEQ: 0x15,
  /** A > k */
  JGT: 0x25,
  /** A >= k */
  JGE: 0x35,
  /** Answer k. */
  RET: 0x06,
} as const;

/** SECCOMP_RET_, linux/seccomp.h: a filter's answers; ERRNO and TRACE carry a number in their low 16 bits. */
export const SeccompReturn = {
  KILL_PROCESS: 0x8000_0000,
  KILL_THREAD: 0x0000_0000,
  TRAP: 0x0003_0000,
  ERRNO: 0x0005_0000,
  TRACE: 0x7ff0_0000,
  LOG: 0x7ffc_0000,
  ALLOW: 0x7fff_0000,
} as const;

/** SECCOMP_FILTER_FLAG_, linux/seccomp.h */
export const SeccompFlag = { TSYNC: 1, LOG: 2, SPEC_ALLOW: 4 } as const;

/** AUDIT_ARCH_, linux/audit.h: which ABI a call came in by. */
export const AuditArch = {
  X86_64: 0xc000_003e,
  I386: 0x4000_0003,
  AARCH64: 0xc000_00b7,
  ARM: 0x4000_0028,
} as const;

/** __X32_SYSCALL_BIT, asm/unistd.h: set in the number of a call by x86-64's ABI with 32-bit pointers. */
export const X32_SYSCALL_BIT = 0x4000_0000;
