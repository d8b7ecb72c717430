import { BPF_MAXINSNS, FilterCode, sock_filter } from "../../../ffi/structs/seccomp.ts";
import { UnsupportedError } from "../../errors.ts";

/** An instruction already written, as a place to jump to. */
export type Label = number & { readonly label: unique symbol };

/** The farthest a conditional jump reaches: its offsets have 8 bits. */
const SHORT_JUMP = 255;

interface FilterInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/**
 * Writes a classic BPF program from its end to its beginning.
 *
 * The kernel allows forward jumps alone, so written backwards every target is known when a jump to it is written, and
 * a target too far for a conditional jump gets an unconditional one in between, which has 32 bits.
 *
 * @see bpf(4) · seccomp_filter.rst
 */
export class FilterBuilder {
  readonly #reversed: FilterInstruction[] = [];
  readonly #answers = new Map<number, Label>();

  /** Answers `action`. Near answers are shared. */
  answer(action: number): Label {
    const known = this.#answers.get(action);
    if (known !== undefined && this.#distance(known) < SHORT_JUMP / 2) return known;
    const label = this.#push({ code: FilterCode.RET, jt: 0, jf: 0, k: action });
    this.#answers.set(action, label);
    return label;
  }

  /** Loads the 32 bits of seccomp_data at `offset`, then goes on at `next`. */
  load(offset: number, next: Label): Label {
    this.#fallThrough(next);
    return this.#push({ code: FilterCode.LD_ABS, jt: 0, jf: 0, k: offset });
  }

  /** Keeps the bits of `mask`, then goes on at `next`. */
  and(mask: number, next: Label): Label {
    this.#fallThrough(next);
    return this.#push({ code: FilterCode.AND, jt: 0, jf: 0, k: mask });
  }

  /** Compares what was loaded with `k`, unsigned, and goes on at one of two places. */
  branch(
    code: "JEQ" | "JGT" | "JGE",
    k: number,
    targets: { readonly yes: Label; readonly no: Label },
  ): Label {
    let { yes, no } = targets;
    // A jump written for one target moves the other one farther away, by one instruction.
    if (this.#distance(yes) > SHORT_JUMP - 1) yes = this.#jump(yes);
    if (this.#distance(no) > SHORT_JUMP) no = this.#jump(no);
    const [jt, jf] = [this.#distance(yes), this.#distance(no)];
    return this.#push({ code: FilterCode[code], jt, jf, k });
  }

  /**
   * The program as the kernel takes it, `struct sock_filter[]`, when the last thing written is its beginning.
   *
   * @throws {UnsupportedError} when it is longer than the kernel allows
   */
  encode(): Uint8Array<ArrayBuffer> {
    const program = this.#reversed.toReversed();
    if (program.length > BPF_MAXINSNS) {
      throw new UnsupportedError(
        `Cannot use the seccomp profile: it makes a filter of ${program.length} instructions, ` +
          `and the kernel takes ${BPF_MAXINSNS}`,
        { hint: "Use fewer rules with conditions on arguments" },
      );
    }
    const bytes = new Uint8Array(program.length * sock_filter.size);
    const view = new DataView(bytes.buffer);
    program.forEach(({ code, jt, jf, k }, index) => {
      const offset = index * sock_filter.size;
      view.setUint16(offset, code, true);
      view.setUint8(offset + sock_filter.offsets.jt, jt);
      view.setUint8(offset + sock_filter.offsets.jf, jf);
      view.setUint32(offset + sock_filter.offsets.k, k, true);
    });
    return bytes;
  }

  /** How many instructions lie between the one written next and the target. */
  #distance(target: Label): number {
    return this.#reversed.length - target - 1;
  }

  #fallThrough(next: Label): void {
    if (this.#distance(next) > 0) this.#jump(next);
  }

  #jump(target: Label): Label {
    return this.#push({ code: FilterCode.JA, jt: 0, jf: 0, k: this.#distance(target) });
  }

  #push(instruction: FilterInstruction): Label {
    return (this.#reversed.push(instruction) - 1) as Label;
  }
}
