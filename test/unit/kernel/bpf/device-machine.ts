/** Runs a device filter as the kernel does: the few eBPF instructions it is made of, over struct bpf_cgroup_dev_ctx. */
import { BpfCode, bpf_cgroup_dev_ctx, DeviceAccess, DeviceKind } from "../../../../ffi/structs/bpf.ts";
import type { BpfInstruction } from "../../../../src/kernel/bpf/assembler.ts";

export interface DeviceUse {
  readonly kind: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** Some of `rwm`. */
  readonly access: string;
}

/** What the program answers. Throws where the verifier would refuse it: an unset register, an end that is no exit. */
export function ask(program: readonly BpfInstruction[], use: DeviceUse): number {
  const context = new DataView(encode(use).buffer);
  const registers: (number | undefined)[] = [];
  const value = (register = 0) => {
    const found = registers[register];
    if (found === undefined) throw new Error(`register ${register} was never set`);
    return found;
  };
  registers[1] = 0; // the context, at offset 0
  for (let index = 0; ; index++) {
    const instruction = program[index];
    if (!instruction) throw new Error("the program runs off its end");
    const { code, dst = 0, src = 0, off = 0, imm = 0 } = instruction;
    if (code === BpfCode.LDX_MEM_W) registers[dst] = context.getUint32(value(src) + off, true);
    else if (code === BpfCode.MOV64_REG) registers[dst] = value(src);
    else if (code === BpfCode.MOV64_IMM) registers[dst] = imm;
    else if (code === BpfCode.AND32_IMM) registers[dst] = value(dst) & imm;
    else if (code === BpfCode.RSH32_IMM) registers[dst] = value(dst) >>> imm;
    else if (code === BpfCode.JNE_IMM) index += value(dst) === imm ? 0 : off;
    else if (code === BpfCode.JNE_REG) index += value(dst) === value(src) ? 0 : off;
    else if (code === BpfCode.EXIT) return value(0);
    else throw new Error(`instruction ${index} has an unknown code ${code}`);
  }
}

function encode({ kind, major, minor, access }: DeviceUse): Uint8Array<ArrayBuffer> {
  const bits: Record<string, number> = {
    r: DeviceAccess.READ,
    w: DeviceAccess.WRITE,
    m: DeviceAccess.MKNOD,
  };
  const asked = [...access].reduce((sum, letter) => sum | bits[letter]!, 0);
  const type = kind === "b" ? DeviceKind.BLOCK : DeviceKind.CHAR;
  return bpf_cgroup_dev_ctx.encode({ access_type: (asked << 16) | type, major, minor });
}
