import { ptr } from "bun:ffi";
import { syscallNumber } from "../abi/syscalls.ts";
import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret } from "../ret.ts";
import { BpfCommand, bpf_attr_attach, bpf_attr_load } from "../structs/bpf.ts";

const libc = bind({
  syscall: { args: ["i64", "i32", "ptr", "u32"], returns: "i32" },
});

const BPF = syscallNumber("bpf");
const encoder = new TextEncoder();

export interface BpfProgram {
  /** BPF_PROG_TYPE_ */
  readonly type: number;
  /** `struct bpf_insn[]` */
  readonly instructions: Uint8Array;
  /** Shown by tools; at most 15 letters, digits and underscores. */
  readonly name: string;
}

/**
 * Hands a program to the kernel's verifier.
 *
 * @param log receives the verifier's words when given; a program that loads once needs none
 * @throws {SyscallError} EACCES or EINVAL when the verifier refuses it; EPERM without CAP_BPF or CAP_SYS_ADMIN, and
 *   on Linux < 5.11 with too low a RLIMIT_MEMLOCK; ENOSYS when the kernel has no bpf(2)
 * @see bpf(2) BPF_PROG_LOAD
 */
export function bpfProgLoad(program: BpfProgram, log?: Uint8Array): OwnedFd {
  const license = encoder.encode("Dual MIT/GPL\0");
  const attributes = bpf_attr_load.encode({
    prog_type: program.type,
    insn_cnt: program.instructions.length / 8,
    insns: BigInt(ptr(program.instructions)),
    license: BigInt(ptr(license)),
    prog_name: encoder.encode(program.name),
    ...(log && { log_level: 1, log_size: log.length, log_buf: BigInt(ptr(log)) }),
  });
  return new OwnedFd(bpf(BpfCommand.PROG_LOAD, attributes, `program ${program.name}`));
}

/**
 * Attaches a program to a cgroup; the cgroup then keeps it alive.
 *
 * @param cgroupFd a descriptor of a cgroup2 directory
 * @throws {SyscallError} EPERM without CAP_NET_ADMIN or CAP_SYS_ADMIN, or when an ancestor's program forbids more
 * @see bpf(2) BPF_PROG_ATTACH
 */
export function bpfProgAttach(options: {
  readonly cgroupFd: number;
  readonly programFd: number;
  readonly type: number;
  readonly flags: number;
}): void {
  const attributes = bpf_attr_attach.encode({
    target_fd: options.cgroupFd,
    attach_bpf_fd: options.programFd,
    attach_type: options.type,
    attach_flags: options.flags,
  });
  bpf(BpfCommand.PROG_ATTACH, attributes, "program to cgroup");
}

function bpf(command: number, attributes: Uint8Array, subject: string): number {
  return ret("bpf", subject, () => libc.syscall(BPF, command, attributes, attributes.length));
}
