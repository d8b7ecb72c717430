import { BpfCode, bpf_insn } from "../../../ffi/structs/bpf.ts";

/** One eBPF instruction: fields left out are 0. */
export interface BpfInstruction {
  readonly code: number;
  /** Register numbers, 0 to 10. */
  readonly dst?: number;
  readonly src?: number;
  /** A place in memory, or the count of instructions that a jump skips. */
  readonly off?: number;
  readonly imm?: number;
}

/**
 * The instructions of a small eBPF program, by what they do. Jumps are forward, past a block that is given.
 *
 * @see bpf(2) · Documentation/bpf/standardization/instruction-set.rst
 */
export const ebpf = {
  /** dst = the 32 bits at `src + off` */
  load32: (dst: number, src: number, off: number): BpfInstruction => ({
    code: BpfCode.LDX_MEM_W,
    dst,
    src,
    off,
  }),
  move: (dst: number, src: number): BpfInstruction => ({ code: BpfCode.MOV64_REG, dst, src }),
  set: (dst: number, imm: number): BpfInstruction => ({ code: BpfCode.MOV64_IMM, dst, imm }),
  and: (dst: number, imm: number): BpfInstruction => ({ code: BpfCode.AND32_IMM, dst, imm }),
  shiftRight: (dst: number, imm: number): BpfInstruction => ({ code: BpfCode.RSH32_IMM, dst, imm }),
  skipUnless: (dst: number, imm: number, off: number): BpfInstruction => ({
    code: BpfCode.JNE_IMM,
    dst,
    imm,
    off,
  }),
  skipUnlessSame: (dst: number, src: number, off: number): BpfInstruction => ({
    code: BpfCode.JNE_REG,
    dst,
    src,
    off,
  }),
  exit: (): BpfInstruction => ({ code: BpfCode.EXIT }),
} as const;

/** The program as the kernel takes it: `struct bpf_insn[]`. */
export function encodeBpf(program: readonly BpfInstruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * bpf_insn.size);
  program.forEach(({ code, dst = 0, src = 0, off = 0, imm = 0 }, index) => {
    bytes.set(bpf_insn.encode({ code, regs: dst | (src << 4), off, imm }), index * bpf_insn.size);
  });
  return bytes;
}
