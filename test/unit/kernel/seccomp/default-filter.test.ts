import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { syscallTable } from "../../../../ffi/abi/syscalls.ts";
import { I386_SYSCALLS } from "../../../../ffi/abi/i386.ts";
import { AuditArch, BPF_MAXINSNS, SeccompReturn } from "../../../../ffi/structs/seccomp.ts";
import {
  type Capability,
  capabilityMask,
  DEFAULT_CAPABILITIES,
  DEFAULT_CAPABILITY_MASK,
} from "../../../../src/kernel/capabilities.ts";
import { compileProfile } from "../../../../src/kernel/seccomp/compile.ts";
import { generateDefaultFilters } from "../../../../src/kernel/seccomp/default-filter.ts";
import { DEFAULT_PROFILE, DECIDING_CAPABILITIES } from "../../../../src/kernel/seccomp/default-profile.ts";
import { seccompFilter } from "../../../../src/kernel/seccomp/filter.ts";
import { runFilter } from "./filter-machine.ts";
import { read } from "./naive-reading.ts";

const { ALLOW, ERRNO, KILL_PROCESS } = SeccompReturn;
const EPERM = ERRNO | 1;
const ENOSYS = ERRNO | 38;
const TARGET = { arch: "x86-64", capabilities: DEFAULT_CAPABILITIES, kernel: [6, 1] } as const;
const NUMBERS = [
  ...Array.from({ length: 1200 }, (_, number) => number),
  ...[0xefffe, 0xf0000, 0xf0001, 0xf0002, 0xf0005, 0xf0006, 0xf0007],
  ...[0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x4000_0200, 0x7fff_ffff, 0xffff_ffff],
];
const ARGUMENTS = [
  [0n],
  [1n],
  [2n],
  [8n],
  [10n],
  [11n],
  [12n],
  [16n],
  [17n],
  [38n],
  [39n],
  [40n],
  [45n],
  [46n],
  [0x1_0000_0001n],
  [0x1_0000_0002n],
  [0x2_0000n],
  [0x2_0008n],
  [0x1000_0000n],
  [0x7e02_0000n],
  [0x80n],
  [0xffff_ffffn],
  [0xffff_ffff_ffff_ffffn],
];
const CAPABILITY_SETS: readonly (readonly Capability[])[] = [
  DEFAULT_CAPABILITIES,
  [],
  ["SYS_ADMIN"],
  ["SYS_CHROOT", "SYS_PTRACE", "SYS_TIME", "SYSLOG", "SYS_BOOT", "SYS_NICE", "PERFMON", "BPF"],
];

for (const arch of ["x86-64", "aarch64"] as const) {
  for (const capabilities of CAPABILITY_SETS) {
    test(`the filter for ${arch} with ${capabilities.length} capabilities judges every call as the profile reads`, () => {
      const target = { arch, capabilities, kernel: [6, 1] as const };
      const program = compileProfile(DEFAULT_PROFILE, target);
      const expected = read(DEFAULT_PROFILE, target);

      for (const audit of Object.values(AuditArch)) {
        for (const nr of NUMBERS) {
          for (const args of ARGUMENTS) {
            const call = { arch: audit, nr, args };
            const { answer } = runFilter(program, call);
            if (answer !== expected(call)) {
              throw new Error(`arch ${audit.toString(16)} nr ${nr} args ${args}: ${answer.toString(16)}`);
            }
          }
        }
      }
      expect(program.length / 8).toBeLessThan(BPF_MAXINSNS / 4);
    });
  }
}

const program = compileProfile(DEFAULT_PROFILE, TARGET);
const judge = (name: string, ...args: bigint[]) =>
  runFilter(program, { arch: AuditArch.X86_64, nr: syscallTable("x86-64")[name]!, args }).answer;
const judge32 = (name: string, ...args: bigint[]) =>
  runFilter(program, { arch: AuditArch.I386, nr: I386_SYSCALLS[name]!, args }).answer;

test("sockets are allowed but for AF_ALG and AF_VSOCK, whatever is in the upper half of the argument", () => {
  expect([1n, 2n, 10n, 16n, 17n, 44n].map((family) => judge("socket", family))).toEqual(Array(6).fill(ALLOW));
  expect([38n, 40n, 0x1_0000_0026n, 0x1_0000_0002n].map((family) => judge("socket", family))).toEqual(
    Array(4).fill(EPERM),
  );
});

test("a 32-bit program gets no AF_ALG either, by socket or by socketcall", () => {
  const SYS_SOCKET = 1n;
  const SYS_CONNECT = 3n;
  expect(judge32("socket", 38n)).toBe(EPERM);
  expect(judge32("socketcall", SYS_SOCKET)).toBe(EPERM);
  expect(judge32("socketcall", SYS_CONNECT)).toBe(ALLOW);
  // A 64-bit program can make 32-bit calls, and the kernel then ignores the upper half.
  expect(judge32("socketcall", 0x1_0000_0000n | SYS_SOCKET)).toBe(EPERM);
});

test("new namespaces need CAP_SYS_ADMIN, and clone3 sends libc back to clone", () => {
  const CLONE_NEWUSER = 0x1000_0000n;
  const CLONE_THREAD = 0x1_0000n;
  expect(judge("clone", CLONE_NEWUSER)).toBe(EPERM);
  expect(judge("clone", CLONE_THREAD)).toBe(ALLOW);
  expect(judge("clone3")).toBe(ENOSYS);
  expect(judge("unshare", CLONE_NEWUSER)).toBe(EPERM);
});

test("mount, module, keyring and io_uring calls fail with EPERM, and calls nobody knows with ENOSYS", () => {
  const denied = ["mount", "init_module", "keyctl", "io_uring_setup", "kexec_load", "bpf", "userfaultfd"];
  expect(denied.map((name) => judge(name))).toEqual(Array(denied.length).fill(EPERM));
  expect(runFilter(program, { arch: AuditArch.X86_64, nr: 500 }).answer).toBe(ENOSYS);
});

test("a call by another ABI of the machine is judged by that ABI's numbers, and by an unknown one kills", () => {
  const I386_MOUNT = 21;
  expect(runFilter(program, { arch: AuditArch.X86_64, nr: I386_MOUNT }).answer).toBe(ALLOW);
  expect(runFilter(program, { arch: AuditArch.I386, nr: I386_MOUNT }).answer).toBe(EPERM);
  expect(runFilter(program, { arch: AuditArch.ARM, nr: 1 }).answer).toBe(KILL_PROCESS);
});

test("a call by x32 fails with ENOSYS: its numbers have a bit of their own", () => {
  expect(runFilter(program, { arch: AuditArch.X86_64, nr: 0x4000_0000 }).answer).toBe(ENOSYS);
});

test("no call costs more than some twenty instructions", () => {
  const costs = NUMBERS.map((nr) => runFilter(program, { arch: AuditArch.X86_64, nr, args: [46n] }).steps);
  const sorted = costs.toSorted((a, b) => a - b);
  expect(sorted[sorted.length >> 1]).toBeLessThan(16);
});

test("the filters in default-filter.generated.ts are those of the default profile", () => {
  const file = new URL("../../../../src/kernel/seccomp/default-filter.generated.ts", import.meta.url);
  expect(readFileSync(file, "utf8")).toBe(generateDefaultFilters());
});

test("a container whose capabilities the profile does not ask about gets the precompiled filter", async () => {
  const own = await seccompFilter(DEFAULT_CAPABILITY_MASK);
  const withNetAdmin = await seccompFilter(DEFAULT_CAPABILITY_MASK | capabilityMask(["NET_ADMIN"]));
  const withPtrace = await seccompFilter(DEFAULT_CAPABILITY_MASK | capabilityMask(["SYS_PTRACE"]));

  expect(withNetAdmin.program).toEqual(own.program);
  expect(withPtrace.program).not.toEqual(own.program);
});

test("each capability the profile asks about changes the filter that a container gets", async () => {
  const without = DEFAULT_CAPABILITY_MASK & ~capabilityMask(DECIDING_CAPABILITIES);
  const base = await seccompFilter(without);
  for (const capability of DECIDING_CAPABILITIES) {
    const { program } = await seccompFilter(without | capabilityMask([capability]));
    expect([capability, program]).not.toEqual([capability, base.program]);
  }
});
