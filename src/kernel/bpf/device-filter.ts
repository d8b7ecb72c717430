import {
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  bpf_cgroup_dev_ctx,
  DeviceAccess,
  DeviceKind,
} from "../../../ffi/structs/bpf.ts";
import { bpfProgAttach, bpfProgLoad } from "../../../ffi/sys/bpf.ts";
import { SyscallError } from "../../../ffi/syscall-error.ts";
import { EngineError, PermissionError, UnsupportedError } from "../../errors.ts";
import { type BpfInstruction, ebpf, encodeBpf } from "./assembler.ts";
import type { DeviceRule } from "./device-rule.ts";

const [RESULT, CONTEXT, KIND, ACCESS, MAJOR, MINOR, SCRATCH] = [0, 1, 2, 3, 4, 5, 6] as const;
const ALL_ACCESS = DeviceAccess.READ | DeviceAccess.WRITE | DeviceAccess.MKNOD;
const LOG_BYTES = 64 * 1024;

/**
 * The program that answers each use of a device node in a cgroup: 1 when one rule allows all that is asked, else 0.
 *
 * Rules for the same devices are merged first, as devices.allow does: one that allows reading and one that allows
 * writing also allow opening for both.
 *
 * @see bpf_devcg in linux/device_cgroup.h
 */
export function deviceProgram(rules: readonly DeviceRule[]): BpfInstruction[] {
  const { access_type, major, minor } = bpf_cgroup_dev_ctx.offsets;
  return [
    ebpf.load32(KIND, CONTEXT, access_type),
    ebpf.move(ACCESS, KIND),
    ebpf.and(KIND, 0xffff),
    ebpf.shiftRight(ACCESS, 16),
    ebpf.load32(MAJOR, CONTEXT, major),
    ebpf.load32(MINOR, CONTEXT, minor),
    ...merge(rules).flatMap(ruleBlock),
    ebpf.set(RESULT, 0),
    ebpf.exit(),
  ];
}

/**
 * Puts the device filter on a cgroup2 directory, for all processes in it and below.
 *
 * @throws {UnsupportedError} when the kernel has no programs for cgroup devices
 * @throws {PermissionError} when the caller may not load programs
 * @throws {EngineError} with the verifier's log, when the verifier refuses it
 * @requires CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN; Linux ≥ 4.15
 */
export function attachDeviceFilter(cgroupFd: number, rules: readonly DeviceRule[]): void {
  const instructions = encodeBpf(deviceProgram(rules));
  const program = { type: BPF_PROG_TYPE_CGROUP_DEVICE, instructions, name: "md_devices" };
  try {
    using loaded = bpfProgLoad(program);
    bpfProgAttach({ cgroupFd, programFd: loaded.fd, type: BPF_CGROUP_DEVICE, flags: BPF_F_ALLOW_MULTI });
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    throw explain(cause, program);
  }
}

type MergedRule = { readonly kind: number | undefined; major?: number; minor?: number; access: number };

function merge(rules: readonly DeviceRule[]): MergedRule[] {
  const merged = new Map<string, MergedRule>();
  for (const rule of rules) {
    const { kind, major, minor } = rule.kind === "a" ? { kind: "a" } : { minor: undefined, ...rule };
    const key = `${kind} ${major}:${minor}`;
    const access = (merged.get(key)?.access ?? 0) | accessBits(rule.access);
    merged.set(key, {
      kind: kind === "a" ? undefined : kind === "b" ? DeviceKind.BLOCK : DeviceKind.CHAR,
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      access,
    });
  }
  return [...merged.values()];
}

/** The tests of one rule, each of which skips the rest of the block, and the answer "yes" at its end. */
function ruleBlock(rule: MergedRule): BpfInstruction[] {
  const block: BpfInstruction[] = [ebpf.set(RESULT, 1), ebpf.exit()];
  const test = (instruction: (off: number) => BpfInstruction) => block.unshift(instruction(block.length));
  if (rule.minor !== undefined) test((off) => ebpf.skipUnless(MINOR, rule.minor!, off));
  if (rule.major !== undefined) test((off) => ebpf.skipUnless(MAJOR, rule.major!, off));
  if (rule.kind !== undefined) test((off) => ebpf.skipUnless(KIND, rule.kind!, off));
  if (rule.access !== ALL_ACCESS) {
    test((off) => ebpf.skipUnlessSame(SCRATCH, ACCESS, off));
    block.unshift(ebpf.move(SCRATCH, ACCESS), ebpf.and(SCRATCH, rule.access));
  }
  return block;
}

function accessBits(access: string): number {
  const bits: Record<string, number> = {
    r: DeviceAccess.READ,
    w: DeviceAccess.WRITE,
    m: DeviceAccess.MKNOD,
  };
  return [...access].reduce((sum, letter) => sum | bits[letter]!, 0);
}

function explain(cause: SyscallError, program: Parameters<typeof bpfProgLoad>[0]): EngineError {
  const what = "Cannot restrict the container's devices";
  if (cause.code === "EPERM") {
    const hint =
      "Run with CAP_SYS_ADMIN (or CAP_BPF and CAP_NET_ADMIN); before Linux 5.11 also raise `ulimit -l`";
    return new PermissionError(`${what}: the kernel does not let this process load or attach the filter`, {
      cause,
      hint,
    });
  }
  const log = verifierLog(program);
  if (cause.code === "ENOSYS" || (cause.code === "EINVAL" && log === "")) {
    const hint = "Use a kernel built with CONFIG_CGROUP_BPF, or run with --privileged";
    return new UnsupportedError(`${what}: this kernel has no BPF programs for cgroup devices`, {
      cause,
      hint,
    });
  }
  return new EngineError(`${what}: ${cause.message}${log && `; the verifier says: ${log}`}`, { cause });
}

/** Loads the program once more, for the verifier's words about it. */
function verifierLog(program: Parameters<typeof bpfProgLoad>[0]): string {
  const log = new Uint8Array(LOG_BYTES);
  try {
    bpfProgLoad(program, log).close();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
  return new TextDecoder()
    .decode(log.subarray(0, log.indexOf(0)))
    .trim()
    .replaceAll("\n", " | ");
}
