import { describe, expect, test } from "bun:test";
import { AuditArch, SeccompFlag, SeccompReturn } from "../../../../ffi/structs/seccomp.ts";
import { X86_64_SYSCALLS } from "../../../../ffi/abi/x86-64.ts";
import { InvalidDataError, UnsupportedError } from "../../../../src/errors.ts";
import { compileProfile } from "../../../../src/kernel/seccomp/compile.ts";
import { kernelVersion } from "../../../../src/kernel/seccomp/filter.ts";
import { parseProfile } from "../../../../src/kernel/seccomp/parse.ts";
import { runFilter } from "./filter-machine.ts";
import { read } from "./naive-reading.ts";

const { ALLOW, ERRNO, KILL_PROCESS, LOG, TRAP } = SeccompReturn;

/** Compiles a profile of these rules and says how it answers a call. */
function judgeBy(profile: object, kernel: readonly [number, number] = [6, 1]) {
  const parsed = parseProfile(JSON.stringify(profile));
  const target = { arch: "x86-64", capabilities: ["SYS_TIME"], kernel } as const;
  const program = compileProfile(parsed, target);
  return (name: string, ...args: bigint[]) =>
    runFilter(program, { arch: AuditArch.X86_64, nr: X86_64_SYSCALLS[name]!, args }).answer;
}

describe("a profile in docker's format", () => {
  test("denies what it lists and allows the rest", () => {
    const judge = judgeBy({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 13 },
        { name: "rmdir", action: "SCMP_ACT_KILL_PROCESS" },
        { names: ["chmod"], action: "SCMP_ACT_TRAP" },
        { names: ["chown"], action: "SCMP_ACT_LOG" },
      ],
    });

    expect(judge("mkdir")).toBe(ERRNO | 13);
    expect(judge("rmdir")).toBe(KILL_PROCESS);
    expect(judge("chmod")).toBe(TRAP);
    expect(judge("chown")).toBe(LOG);
    expect(judge("open")).toBe(ALLOW);
  });

  test("calls by x32 fail even when everything is allowed by default", () => {
    const program = compileProfile(parseProfile('{"defaultAction":"SCMP_ACT_ALLOW"}'), {
      arch: "x86-64",
      capabilities: [],
      kernel: [6, 1],
    });
    expect(runFilter(program, { arch: AuditArch.X86_64, nr: 0x4000_0000 + 83 }).answer).toBe(ERRNO | 38);
    expect(runFilter(program, { arch: AuditArch.X86_64, nr: 1000 }).answer).toBe(ALLOW);
  });

  test("takes the errno of its default action", () => {
    expect(judgeBy({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38 })("read")).toBe(ERRNO | 38);
  });

  test("rules count by capability, architecture and kernel", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: ["settimeofday"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_TIME"] } },
        { names: ["reboot"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_BOOT"] } },
        { names: ["adjtimex"], action: "SCMP_ACT_ALLOW", excludes: { caps: ["CAP_SYS_TIME"] } },
        { names: ["arch_prctl"], action: "SCMP_ACT_ALLOW", includes: { arches: ["amd64"] } },
        { names: ["sync"], action: "SCMP_ACT_ALLOW", includes: { arches: ["arm64"] } },
        { names: ["ptrace"], action: "SCMP_ACT_ALLOW", includes: { minKernel: "4.8" } },
        { names: ["socket"], action: "SCMP_ACT_ALLOW" },
      ],
    };
    const allowed = (kernel: readonly [number, number]) => {
      const judge = judgeBy(profile, kernel);
      return profile.syscalls.flatMap(({ names }) => names).filter((name) => judge(name) === ALLOW);
    };

    expect(allowed([4, 8])).toEqual(["settimeofday", "arch_prctl", "ptrace", "socket"]);
    expect(allowed([4, 7])).toEqual(["settimeofday", "arch_prctl", "socket"]);
  });

  test("kills calls by an architecture that it does not list", () => {
    const program = (text: string) =>
      compileProfile(parseProfile(text), { arch: "x86-64", capabilities: [], kernel: [6, 1] });
    const call = { arch: AuditArch.I386, nr: 20 };

    expect(runFilter(program('{"defaultAction":"SCMP_ACT_ALLOW"}'), call).answer).toBe(KILL_PROCESS);
    const archMap = [
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
    ];
    const text = JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", archMap });
    expect(runFilter(program(text), call).answer).toBe(ALLOW);
  });

  test("collects flags", () => {
    const flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"];
    const profile = parseProfile(JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", flags }));
    expect(profile.flags).toBe(SeccompFlag.LOG | SeccompFlag.SPEC_ALLOW);
  });
});

describe("conditions on arguments", () => {
  const OPS = ["NE", "LT", "LE", "EQ", "GE", "GT"];
  const EDGES = [
    0n,
    1n,
    5n,
    6n,
    7n,
    0xffff_ffffn,
    0x1_0000_0000n,
    0x1_0000_0006n,
    2n ** 53n - 1n,
    2n ** 64n - 1n,
  ];

  for (const arch of ["x86-64", "aarch64"] as const) {
    test(`compare all 64 bits on ${arch} as numbers do`, () => {
      for (const op of OPS) {
        for (const value of [0, 6, 0xffff_ffff, 0x1_0000_0006]) {
          const rule = {
            names: ["lseek"],
            action: "SCMP_ACT_ALLOW",
            args: [{ index: 2, op: `SCMP_CMP_${op}`, value }],
          };
          const architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_ARM"];
          const profile = parseProfile(
            JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", architectures, syscalls: [rule] }),
          );
          const target = { arch, capabilities: [], kernel: [6, 1] as const };
          const program = compileProfile(profile, target);
          const expected = read(profile, target);
          for (const audit of Object.values(AuditArch)) {
            for (const nr of [8, 19, 62]) {
              for (const edge of EDGES) {
                const call = { arch: audit, nr, args: [0n, 0n, edge] };
                expect([op, value, call, runFilter(program, call).answer]).toEqual([
                  op,
                  value,
                  call,
                  expected(call),
                ]);
              }
            }
          }
        }
      }
    });
  }

  test("a mask looks at the bits it names, in both halves", () => {
    const args = [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0x1_0000_00f0, valueTwo: 0x1_0000_0010 }];
    const judge = judgeBy({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [{ names: ["brk"], action: "SCMP_ACT_ALLOW", args }],
    });

    expect(judge("brk", 0x3_0000_0f1fn)).toBe(ALLOW);
    expect(judge("brk", 0x0_0000_0010n)).toBe(ERRNO | 1);
    expect(judge("brk", 0x1_0000_0020n)).toBe(ERRNO | 1);
  });

  test("must all hold, but those on the same argument are alternatives", () => {
    const judge = judgeBy({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        {
          names: ["dup2"],
          action: "SCMP_ACT_ALLOW",
          args: [
            { index: 0, op: "SCMP_CMP_EQ", value: 1 },
            { index: 1, op: "SCMP_CMP_EQ", value: 2 },
          ],
        },
        {
          names: ["dup"],
          action: "SCMP_ACT_ALLOW",
          args: [
            { index: 0, op: "SCMP_CMP_EQ", value: 1 },
            { index: 0, op: "SCMP_CMP_EQ", value: 2 },
          ],
        },
      ],
    });

    expect(judge("dup2", 1n, 2n)).toBe(ALLOW);
    expect(judge("dup2", 1n, 3n)).toBe(ERRNO | 1);
    expect(judge("dup", 2n)).toBe(ALLOW);
    expect(judge("dup", 3n)).toBe(ERRNO | 1);
  });

  test("are asked before a rule without any, wherever that stands", () => {
    const judge = judgeBy({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: ["socket"], action: "SCMP_ACT_ALLOW" },
        {
          names: ["socket"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 97,
          args: [{ index: 0, op: "SCMP_CMP_EQ", value: 38 }],
        },
      ],
    });

    expect(judge("socket", 38n)).toBe(ERRNO | 97);
    expect(judge("socket", 2n)).toBe(ALLOW);
  });

  test("reach across a long filter, where conditional jumps do not", () => {
    const names = Object.keys(X86_64_SYSCALLS);
    const syscalls = names.map((name, index) => ({
      names: [name],
      action: "SCMP_ACT_ERRNO",
      errnoRet: 1 + (index % 200),
      args: [{ index: 1, op: "SCMP_CMP_GT", value: index }],
    }));
    const profile = parseProfile(JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
    const target = { arch: "x86-64", capabilities: [], kernel: [6, 1] } as const;
    const program = compileProfile(profile, target);
    const expected = read(profile, target);
    expect(program.length / 8).toBeGreaterThan(1500);
    for (const nr of Object.values(X86_64_SYSCALLS)) {
      for (const args of [
        [0n, 0n],
        [0n, 100n],
        [0n, 400n],
      ]) {
        const call = { arch: AuditArch.X86_64, nr, args };
        expect([nr, args, runFilter(program, call).answer]).toEqual([nr, args, expected(call)]);
      }
    }
  });

  test("too many of them are refused before the kernel does", () => {
    const args = (value: number) => [{ index: 0, op: "SCMP_CMP_EQ", value }];
    const syscalls = Array.from({ length: 2000 }, (_, value) => ({
      names: ["read"],
      action: "SCMP_ACT_ALLOW",
      args: args(value),
    }));
    expect(() => judgeBy({ defaultAction: "SCMP_ACT_ERRNO", syscalls })).toThrow(UnsupportedError);
  });
});

describe("a profile that cannot be used says why", () => {
  const cases: readonly [what: string, text: string, message: string][] = [
    ["no JSON", "{", "it is no JSON"],
    ["no object", "[]", "the seccomp profile"],
    ["no default action", "{}", "defaultAction"],
    ["an unknown action", '{"defaultAction":"ALLOW"}', 'no action is named "ALLOW"'],
    ["a name of Object's own", '{"defaultAction":"constructor"}', 'no action is named "constructor"'],
    [
      "a wrong type, by its place",
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[1],"action":"x"}]}',
      "syscalls.0.names.0",
    ],
    [
      "an argument beyond the sixth",
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_TRAP","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}',
      "syscalls.0.args.0.index",
    ],
    [
      "both lists of architectures",
      '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}',
      "use either one",
    ],
  ];
  for (const [what, text, message] of cases) {
    test(what, () => {
      expect(() => parseProfile(text)).toThrow(message);
      expect(() => parseProfile(text)).toThrow(InvalidDataError);
    });
  }

  test("an action that asks another program", () => {
    expect(() => parseProfile('{"defaultAction":"SCMP_ACT_NOTIFY"}')).toThrow(UnsupportedError);
  });
});

test("a kernel's release gives its major and minor version", () => {
  expect(kernelVersion("6.1.0-56-amd64")).toEqual([6, 1]);
  expect(kernelVersion("5.15")).toEqual([5, 15]);
});
