import { AARCH64_SYSCALLS } from "../../../ffi/abi/aarch64.ts";
import { ARM_SYSCALLS } from "../../../ffi/abi/arm.ts";
import { I386_SYSCALLS } from "../../../ffi/abi/i386.ts";
import { X86_64_SYSCALLS } from "../../../ffi/abi/x86-64.ts";
import { AuditArch, SeccompReturn, seccomp_data, X32_SYSCALL_BIT } from "../../../ffi/structs/seccomp.ts";
import { FilterBuilder, type Label } from "./filter-builder.ts";
import {
  type ArgumentCondition,
  applicableRules,
  errnoAction,
  type SeccompProfile,
  type SeccompRule,
  type SeccompTarget,
} from "./profile.ts";

const ENOSYS = 38;
/** ARM's private calls start here, far above the others: newer calls are not expected between. */
const ARM_PRIVATE = 0xf0000;

/** One way to make system calls on a machine: its own, or that of its 32-bit programs. */
export interface Abi {
  readonly name: string;
  readonly audit: number;
  readonly table: Readonly<Record<string, number>>;
  /**
   * Whether arguments have 64 bits. Of a 32-bit call the kernel uses the lower half and may show a filter more: a
   * 64-bit program can make such a call with anything in the upper half, so that must not count.
   */
  readonly wide: boolean;
}

const ABIS: Readonly<Record<SeccompTarget["arch"], readonly [own: Abi, compat: Abi]>> = {
  "x86-64": [
    { name: "SCMP_ARCH_X86_64", audit: AuditArch.X86_64, table: X86_64_SYSCALLS, wide: true },
    { name: "SCMP_ARCH_X86", audit: AuditArch.I386, table: I386_SYSCALLS, wide: false },
  ],
  aarch64: [
    { name: "SCMP_ARCH_AARCH64", audit: AuditArch.AARCH64, table: AARCH64_SYSCALLS, wide: true },
    { name: "SCMP_ARCH_ARM", audit: AuditArch.ARM, table: ARM_SYSCALLS, wide: false },
  ],
};

/** An answer for the calls that meet all conditions. */
interface Clause {
  readonly conditions: readonly ArgumentCondition[];
  readonly action: number;
}

/** System-call numbers from `from` to the next range's, all judged alike. */
interface Range {
  readonly from: number;
  readonly clauses: readonly Clause[];
  readonly otherwise: number;
}

/**
 * Compiles a profile for a machine and a set of capabilities to a seccomp filter: `struct sock_filter[]`.
 *
 * A balanced search over ranges of numbers, so a call costs some seven comparisons. (From Linux 5.11 on, numbers that
 * are always allowed cost none: the kernel finds them when it loads the filter.)
 *
 * When several rules are for one call, the first whose conditions hold decides, and rules without conditions come
 * last. A call by an ABI that the profile does not list kills the process.
 *
 * @throws {UnsupportedError} when the filter is longer than the kernel allows
 */
export function compileProfile(profile: SeccompProfile, target: SeccompTarget): Uint8Array<ArrayBuffer> {
  const builder = new FilterBuilder();
  const rules = applicableRules(profile, target);
  let next = builder.answer(SeccompReturn.KILL_PROCESS);
  for (const abi of listedAbis(profile, target).toReversed()) {
    const search = writeSearch(builder, abi, rangesOf(profile, rules, abi));
    const judge = builder.load(seccomp_data.offsets.nr, search);
    next = builder.branch("JEQ", abi.audit, { yes: judge, no: next });
  }
  builder.load(seccomp_data.offsets.arch, next);
  return builder.encode();
}

/** The ABIs that a profile judges on a machine, its own first. */
export function listedAbis(profile: SeccompProfile, { arch }: SeccompTarget): Abi[] {
  const [own, compat] = ABIS[arch];
  return profile.architectures.includes(compat.name) ? [own, compat] : [own];
}

/** Splits the numbers of an ABI into ranges that are judged alike, in order, from 0 on. */
function rangesOf(profile: SeccompProfile, rules: readonly SeccompRule[], abi: Abi): Range[] {
  const judged = clausesByNumber(rules, abi);
  const unknown = unknownCalls(profile);
  const last = Math.max(-1, ...[...judged.keys()].filter((number) => number < ARM_PRIVATE));
  const at = (number: number): Range => {
    const clauses = judged.get(number) ?? [];
    const otherwise = clauses.at(-1)?.conditions.length === 0 ? clauses.at(-1)!.action : undefined;
    if (otherwise !== undefined) return { from: number, clauses: clauses.slice(0, -1), otherwise };
    return { from: number, clauses, otherwise: number > last ? unknown : profile.defaultAction };
  };
  const borders = new Set([0, last + 1, ...[...judged.keys()].flatMap((number) => [number, number + 1])]);
  if (abi.audit === AuditArch.X86_64) borders.add(X32_SYSCALL_BIT);
  const ranges: Range[] = [];
  for (const from of [...borders].sort((a, b) => a - b)) {
    const isX32 = abi.audit === AuditArch.X86_64 && from >= X32_SYSCALL_BIT;
    const range = isX32 ? { from, clauses: [], otherwise: errnoAction(ENOSYS) } : at(from);
    const before = ranges.at(-1);
    const same = before && before.otherwise === range.otherwise;
    if (!same || before.clauses.length > 0 || range.clauses.length > 0) ranges.push(range);
  }
  return ranges;
}

/** What calls that are newer than the profile get: where unlisted ones fail, "no such call" instead. */
function unknownCalls({ defaultAction }: SeccompProfile): number {
  const lets: readonly number[] = [SeccompReturn.ALLOW, SeccompReturn.LOG, SeccompReturn.TRACE];
  return lets.includes(defaultAction & ~0xffff) ? defaultAction : errnoAction(ENOSYS);
}

/** The clauses of each number: those with conditions in the profile's order, then at most one without. */
function clausesByNumber(rules: readonly SeccompRule[], abi: Abi): Map<number, Clause[]> {
  const conditional = new Map<number, Clause[]>();
  const plain = new Map<number, Clause>();
  for (const rule of rules) {
    for (const name of rule.names) {
      const number = Object.hasOwn(abi.table, name) ? abi.table[name] : undefined;
      if (number === undefined) continue;
      const clauses = clausesOf(rule);
      if (rule.args.length > 0) conditional.set(number, [...(conditional.get(number) ?? []), ...clauses]);
      else if (!plain.has(number)) plain.set(number, clauses[0]!);
    }
  }
  const numbers = new Set([...conditional.keys(), ...plain.keys()]);
  return new Map(
    [...numbers].map((number) => [
      number,
      [...(conditional.get(number) ?? []), ...(plain.has(number) ? [plain.get(number)!] : [])],
    ]),
  );
}

/** Conditions on the same argument are alternatives, as in docker and runc; on different ones all must hold. */
function clausesOf({ args, action }: SeccompRule): Clause[] {
  const indexes = new Set(args.map(({ index }) => index));
  if (indexes.size === args.length) return [{ conditions: args, action }];
  return args.map((condition) => ({ conditions: [condition], action }));
}

function writeSearch(builder: FilterBuilder, abi: Abi, ranges: readonly Range[]): Label {
  if (ranges.length === 1) return writeVerdict(builder, abi, ranges[0]!);
  const middle = ranges.length >> 1;
  const yes = writeSearch(builder, abi, ranges.slice(middle));
  const no = writeSearch(builder, abi, ranges.slice(0, middle));
  return builder.branch("JGE", ranges[middle]!.from, { yes, no });
}

function writeVerdict(builder: FilterBuilder, abi: Abi, { clauses, otherwise }: Range): Label {
  let fail = builder.answer(otherwise);
  for (const { conditions, action } of clauses.toReversed()) {
    let pass = builder.answer(action);
    for (const condition of conditions.toReversed()) {
      pass = writeCondition(builder, { condition, wide: abi.wide, pass, fail });
    }
    fail = pass;
  }
  return fail;
}

interface ConditionSite {
  readonly condition: ArgumentCondition;
  readonly wide: boolean;
  readonly pass: Label;
  readonly fail: Label;
}

/** Compares the upper half of an argument first, and the lower one where that does not decide. */
function writeCondition(builder: FilterBuilder, { condition, wide, pass, fail }: ConditionSite): Label {
  const { index, op, value, valueTwo } = condition;
  const low = seccomp_data.offsets.arg0 + 8 * index;
  const high = low + 4;
  const beyond = !wide && upper32(op === "MASKED_EQ" ? valueTwo : value) !== 0;
  if (beyond && (op === "EQ" || op === "GE" || op === "GT" || op === "MASKED_EQ")) return fail;
  switch (op) {
    case "NE":
      return writeCondition(builder, { condition: { ...condition, op: "EQ" }, wide, pass: fail, fail: pass });
    case "LT":
      return writeCondition(builder, { condition: { ...condition, op: "GE" }, wide, pass: fail, fail: pass });
    case "LE":
      return writeCondition(builder, { condition: { ...condition, op: "GT" }, wide, pass: fail, fail: pass });
    case "EQ": {
      const lower = builder.load(low, builder.branch("JEQ", lower32(value), { yes: pass, no: fail }));
      if (!wide) return lower;
      return builder.load(high, builder.branch("JEQ", upper32(value), { yes: lower, no: fail }));
    }
    case "MASKED_EQ": {
      const compare = builder.branch("JEQ", lower32(valueTwo), { yes: pass, no: fail });
      const lower = builder.load(low, builder.and(lower32(value), compare));
      if (!wide || (upper32(value) === 0 && upper32(valueTwo) === 0)) return lower;
      const compareHigh = builder.branch("JEQ", upper32(valueTwo), { yes: lower, no: fail });
      return builder.load(high, builder.and(upper32(value), compareHigh));
    }
    case "GE":
    case "GT": {
      const code = op === "GE" ? "JGE" : "JGT";
      const lower = builder.load(low, builder.branch(code, lower32(value), { yes: pass, no: fail }));
      if (!wide) return lower;
      const same = builder.branch("JEQ", upper32(value), { yes: lower, no: fail });
      return builder.load(high, builder.branch("JGT", upper32(value), { yes: pass, no: same }));
    }
  }
}

function lower32(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function upper32(value: bigint): number {
  return Number((value >> 32n) & 0xffff_ffffn);
}
