/** Runs seccomp filters as the kernel does: classic BPF over struct seccomp_data. */
import { FilterCode, seccomp_data, sock_filter } from "../../../../ffi/structs/seccomp.ts";

/** A system call as a filter sees it. */
export interface Call {
  readonly arch: number;
  readonly nr: number;
  readonly args?: readonly bigint[];
}

/** The filter's answer, and how many instructions it took. Throws where the kernel would refuse the program. */
export function runFilter(program: Uint8Array, call: Call): { answer: number; steps: number } {
  const data = encodeCall(call);
  const instructions = new DataView(program.buffer, program.byteOffset, program.length);
  let accumulator = 0;
  for (let index = 0, steps = 1; ; index++, steps++) {
    const at = index * sock_filter.size;
    const code = instructions.getUint16(at, true);
    const k = instructions.getUint32(at + sock_filter.offsets.k, true);
    const jump = (holds: boolean) => {
      index += instructions.getUint8(at + (holds ? sock_filter.offsets.jt : sock_filter.offsets.jf));
    };
    if (code === FilterCode.LD_ABS) accumulator = data.getUint32(k, true);
    else if (code === FilterCode.AND) accumulator = (accumulator & k) >>> 0;
    else if (code === FilterCode.JA) index += k;
    else if (code === FilterCode.JEQ) jump(accumulator === k);
    else if (code === FilterCode.JGT) jump(accumulator > k);
    else if (code === FilterCode.JGE) jump(accumulator >= k);
    else if (code === FilterCode.RET) return { answer: k, steps };
    else throw new Error(`instruction ${index} has an unknown code ${code}`);
  }
}

function encodeCall({ arch, nr, args = [] }: Call): DataView {
  const view = new DataView(new ArrayBuffer(seccomp_data.size));
  view.setUint32(seccomp_data.offsets.nr, nr, true);
  view.setUint32(seccomp_data.offsets.arch, arch, true);
  args.forEach((value, index) => {
    view.setBigUint64(seccomp_data.offsets.arg0 + 8 * index, value, true);
  });
  return view;
}
