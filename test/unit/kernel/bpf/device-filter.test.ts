import { expect, test } from "bun:test";
import { UsageError } from "../../../../src/errors.ts";
import { encodeBpf } from "../../../../src/kernel/bpf/assembler.ts";
import { deviceProgram } from "../../../../src/kernel/bpf/device-filter.ts";
import {
  allowsAll,
  DEFAULT_DEVICE_RULES,
  type DeviceRule,
  formatDeviceRule,
  parseDeviceRule,
} from "../../../../src/kernel/bpf/device-rule.ts";
import { ask, type DeviceUse } from "./device-machine.ts";

const DEVICES = [
  ...[3, 5, 7, 8, 9, 1, 2, 4].map((minor) => ({ kind: "c", major: 1, minor }) as const),
  ...[0, 1, 2, 3].map((minor) => ({ kind: "c", major: 5, minor }) as const),
  { kind: "c", major: 136, minor: 0 },
  { kind: "c", major: 136, minor: 1000 },
  { kind: "b", major: 136, minor: 0 },
  { kind: "b", major: 1, minor: 3 },
  { kind: "b", major: 8, minor: 0 },
  { kind: "c", major: 10, minor: 200 },
] as const;
const ACCESSES = ["r", "w", "m", "rw", "rm", "wm", "rwm"];

/** The rules read one by one, those for the same devices taken together, as devices.allow does. */
function allows(rules: readonly DeviceRule[], { kind, major, minor, access }: DeviceUse): boolean {
  const groups = Map.groupBy(rules, (rule) => formatDeviceRule({ ...rule, access: "" }));
  return [...groups.values()].some((same) => {
    const [rule] = same;
    const granted = same.map((each) => each.access).join("");
    const numbersMatch =
      (rule!.major === undefined || rule!.major === major) &&
      (rule!.minor === undefined || rule!.minor === minor);
    const matches = rule!.kind === "a" || (rule!.kind === kind && numbersMatch);
    return matches && [...access].every((letter) => granted.includes(letter));
  });
}

const RULE_SETS: Record<string, readonly DeviceRule[]> = {
  "the default rules": DEFAULT_DEVICE_RULES,
  "no rule": [],
  "a disk to read": [...DEFAULT_DEVICE_RULES, parseDeviceRule("b 8:* r")],
  "reading and writing by two rules": [parseDeviceRule("c 10:200 r"), parseDeviceRule("c 10:200 w")],
  "a whole class by minor": [parseDeviceRule("c *:3 rw")],
  "everything but nodes": [parseDeviceRule("a *:* rw")],
  all: [{ kind: "a", access: "rwm" }],
};

for (const [name, rules] of Object.entries(RULE_SETS)) {
  test(`the program for ${name} answers each use as the rules read`, () => {
    const program = deviceProgram(rules);
    for (const device of DEVICES) {
      for (const access of ACCESSES) {
        const use = { ...device, access };
        expect([use, ask(program, use)]).toEqual([use, allows(rules, use) ? 1 : 0]);
      }
    }
  });
}

test("by default a container opens the usual devices, makes any node, and opens no disk and no tunnel", () => {
  const program = deviceProgram(DEFAULT_DEVICE_RULES);
  const answer = (kind: "b" | "c", major: number, minor: number, access: string) =>
    ask(program, { kind, major, minor, access });
  expect(answer("c", 1, 3, "rw")).toBe(1);
  expect(answer("b", 8, 0, "m")).toBe(1);
  expect(answer("b", 8, 0, "r")).toBe(0);
  expect(answer("c", 10, 200, "rw")).toBe(0);
});

test("instructions are encoded as struct bpf_insn", () => {
  const program = encodeBpf([
    { code: 0x61, dst: 2, src: 1, off: 8 },
    { code: 0x55, dst: 2, imm: -1, off: 3 },
    { code: 0x95 },
  ]);
  expect(program.toHex()).toBe("6112080000000000" + "55020300ffffffff" + "9500000000000000");
});

test("a device rule is read in docker's format and written in the kernel's", () => {
  expect(parseDeviceRule("c 1:3 rwm")).toEqual({ kind: "c", major: 1, minor: 3, access: "rwm" });
  expect(formatDeviceRule(parseDeviceRule("b *:7 r"))).toBe("b *:7 r");
  for (const text of ["", "c 1:3", "d 1:3 r", "c 1 r", "c 1:3 x", "c 4096:0 r", "c 1:3 rwmr"]) {
    expect(() => parseDeviceRule(text)).toThrow(UsageError);
  }
  expect(allowsAll([parseDeviceRule("a *:* rwm")])).toBe(true);
  expect(allowsAll([parseDeviceRule("a *:* rw")])).toBe(false);
});
