import { UsageError } from "../../errors.ts";

/**
 * A permission to use device nodes: whatever no rule allows is denied.
 *
 * `undefined` for a number means any.
 */
export interface DeviceRule {
  /** `a` is both kinds, whatever the numbers. */
  readonly kind: "a" | "b" | "c";
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  /** Some of `rwm`: read, write, make a node. */
  readonly access: string;
}

/** What every container may use: nodes of any kind can be made, and these opened. The same as docker's and runc's. */
export const DEFAULT_DEVICE_RULES: readonly DeviceRule[] = [
  { kind: "c", access: "m" },
  { kind: "b", access: "m" },
  { kind: "c", major: 1, minor: 3, access: "rwm" }, // null
  { kind: "c", major: 1, minor: 5, access: "rwm" }, // zero
  { kind: "c", major: 1, minor: 7, access: "rwm" }, // full
  { kind: "c", major: 1, minor: 8, access: "rwm" }, // random
  { kind: "c", major: 1, minor: 9, access: "rwm" }, // urandom
  { kind: "c", major: 5, minor: 0, access: "rwm" }, // tty
  { kind: "c", major: 5, minor: 1, access: "rwm" }, // console
  { kind: "c", major: 5, minor: 2, access: "rwm" }, // ptmx
  { kind: "c", major: 136, access: "rwm" }, // the terminals of devpts
];

/**
 * Reads a `--device-cgroup-rule`, `c 1:3 rwm` or `b 8:* r`.
 *
 * @throws {UsageError} in docker's words
 */
export function parseDeviceRule(text: string): DeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  const [major, minor] = [number(match?.[2]), number(match?.[3])];
  // 12 and 20 bits are what a dev_t holds.
  if (!match || (major ?? 0) >= 1 << 12 || (minor ?? 0) >= 1 << 20) {
    throw new UsageError(`invalid device cgroup format '${text}'`, {
      hint: "Write it as 'TYPE MAJOR:MINOR ACCESS', for example 'c 1:3 rwm' or 'b 8:* r'",
    });
  }
  return { kind: match[1] as DeviceRule["kind"], major, minor, access: match[4]! };
}

/** The rule as devices.allow on cgroup version 1 takes it. @see cgroup-v1/devices.rst */
export function formatDeviceRule(rule: DeviceRule): string {
  return `${rule.kind} ${rule.major ?? "*"}:${rule.minor ?? "*"} ${rule.access}`;
}

/** Whether a rule allows everything, so that nothing needs to be filtered. */
export function allowsAll(rules: readonly DeviceRule[]): boolean {
  return rules.some((rule) => rule.kind === "a" && "rwm".split("").every((bit) => rule.access.includes(bit)));
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text === "*" ? undefined : Number(text);
}
