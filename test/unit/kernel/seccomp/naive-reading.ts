/** What a profile says about one call, read rule by rule, as a person would: the measure for the compiled filter. */
import { AuditArch, SeccompReturn } from "../../../../ffi/structs/seccomp.ts";
import { listedAbis } from "../../../../src/kernel/seccomp/compile.ts";
import type {
  ArgumentCondition,
  SeccompProfile,
  SeccompRule,
  SeccompTarget,
} from "../../../../src/kernel/seccomp/profile.ts";
import type { Call } from "./filter-machine.ts";

const ENOSYS = SeccompReturn.ERRNO | 38;
const GO_ARCH = { "x86-64": "amd64", aarch64: "arm64" } as const;

/** The answer to a call by the profile's own words. */
export function read(profile: SeccompProfile, target: SeccompTarget) {
  const rules = profile.rules.filter((rule) => counts(rule, target));
  const abis = listedAbis(profile, target);
  const listed = abis.map(({ table }) =>
    rules.flatMap(({ names }) => names.map((name) => table[name] ?? -1)),
  );
  const last = listed.map((numbers) => Math.max(...numbers.filter((number) => number < 0xf0000)));
  const known: Record<number, SeccompRule[]>[] = abis.map(() => ({}));
  return ({ arch, nr, args = [] }: Call): number => {
    const index = abis.findIndex(({ audit }) => audit === arch);
    const abi = abis[index];
    if (!abi) return SeccompReturn.KILL_PROCESS;
    if (arch === AuditArch.X86_64 && nr >= 0x4000_0000) return ENOSYS;
    const named =
      known[index]![nr] ?? rules.filter(({ names }) => names.some((name) => abi.table[name] === nr));
    known[index]![nr] = named;
    const given = args.map((value) => (abi.wide ? value : BigInt.asUintN(32, value)));
    const match =
      named.find(({ args }) => args.length > 0 && args.every((condition) => holds(condition, given))) ??
      named.find(({ args }) => args.length === 0);
    if (match) return match.action;
    const lets = profile.defaultAction === SeccompReturn.ALLOW;
    return named.length === 0 && nr > last[index]! && !lets ? ENOSYS : profile.defaultAction;
  };
}

function counts({ includes, excludes }: SeccompRule, { arch, capabilities, kernel }: SeccompTarget): boolean {
  const has = (name: string) => (capabilities as readonly string[]).includes(name);
  const isNew = ([major, minor]: readonly [number, number]) =>
    kernel[0] * 1000 + kernel[1] >= major * 1000 + minor;
  if (includes?.arches && !includes.arches.includes(GO_ARCH[arch])) return false;
  if (excludes?.arches?.includes(GO_ARCH[arch])) return false;
  if (includes?.minKernel && !isNew(includes.minKernel)) return false;
  if (excludes?.minKernel && isNew(excludes.minKernel)) return false;
  return (includes?.caps ?? []).every(has) && !(excludes?.caps ?? []).some(has);
}

function holds({ index, op, value, valueTwo }: ArgumentCondition, args: readonly bigint[]): boolean {
  const given = args[index] ?? 0n;
  switch (op) {
    case "NE":
      return given !== value;
    case "LT":
      return given < value;
    case "LE":
      return given <= value;
    case "EQ":
      return given === value;
    case "GE":
      return given >= value;
    case "GT":
      return given > value;
    case "MASKED_EQ":
      return (given & value) === valueTwo;
  }
}
