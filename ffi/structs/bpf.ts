import { struct } from "../struct.ts";

/** linux/bpf.h: commands of bpf(2). */
export const BpfCommand = { PROG_LOAD: 5, PROG_ATTACH: 8 } as const;

/** linux/bpf.h: BPF_PROG_TYPE_CGROUP_DEVICE, and its attach type BPF_CGROUP_DEVICE. */
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_CGROUP_DEVICE = 6;
/** Programs that others attached to the same cgroup stay, and all must agree. */
export const BPF_F_ALLOW_MULTI = 2;

/** struct bpf_insn: the registers' numbers share a byte, the destination in its lower half. */
export const bpf_insn = struct({ code: "u8", regs: "u8", off: "i16", imm: "i32" });

/** The part of union bpf_attr that BPF_PROG_LOAD reads; what follows may be left out. */
export const bpf_attr_load = struct({
  prog_type: "u32",
  insn_cnt: "u32",
  insns: "u64",
  license: "u64",
  log_level: "u32",
  log_size: "u32",
  log_buf: "u64",
  kern_version: "u32",
  prog_flags: "u32",
  prog_name: "bytes16",
});

/** The part of union bpf_attr that BPF_PROG_ATTACH reads. */
export const bpf_attr_attach = struct({
  target_fd: "u32",
  attach_bpf_fd: "u32",
  attach_type: "u32",
  attach_flags: "u32",
});

/** struct bpf_cgroup_dev_ctx: what a device program is asked about. Kind in the low half of access_type. */
export const bpf_cgroup_dev_ctx = struct({ access_type: "u32", major: "u32", minor: "u32" });

/** BPF_DEVCG_: what is done to the device, and which kind it is. */
export const DeviceAccess = { MKNOD: 1, READ: 2, WRITE: 4 } as const;
export const DeviceKind = { BLOCK: 1, CHAR: 2 } as const;

/** The codes of the instructions used here: class | operation | source. linux/bpf_common.h, linux/bpf.h */
export const BpfCode = {
  /** dst = *(u32 *)(src + off) */
  LDX_MEM_W: 0x61,
  /** dst = src */
  MOV64_REG: 0xbf,
  /** dst = imm */
  MOV64_IMM: 0xb7,
  /** dst &= imm */
  AND32_IMM: 0x54,
  /** dst >>= imm */
  RSH32_IMM: 0x74,
  /** if (dst != imm) skip off instructions */
  JNE_IMM: 0x55,
  /** if (dst != src) skip off instructions */
  JNE_REG: 0x5d,
  /** return r0 */
  EXIT: 0x95,
} as const;
