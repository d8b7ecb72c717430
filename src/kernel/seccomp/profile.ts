import { SeccompReturn } from "../../../ffi/structs/seccomp.ts";
import type { Capability } from "../capabilities.ts";

/** Which system calls are answered how: a profile as docker writes them, in this program's types. */
export interface SeccompProfile {
  /** The answer to what no rule mentions: a SECCOMP_RET_ value. */
  readonly defaultAction: number;
  /** The ABIs whose calls are judged, by libseccomp's names; the machine's own always is. Others are killed. */
  readonly architectures: readonly string[];
  readonly rules: readonly SeccompRule[];
  /** SECCOMP_FILTER_FLAG_ bits. */
  readonly flags: number;
}

/** The answer to some system calls. A name that an ABI does not have means nothing there. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: number;
  /** All must hold; without any, the rule is for every call of that name. */
  readonly args: readonly ArgumentCondition[];
  /** The rule counts only where all of this is so … */
  readonly includes?: Circumstances;
  /** … and none of this. */
  readonly excludes?: Circumstances;
}

/** What a rule can depend on. */
export interface Circumstances {
  /** Machines, by Go's names: `amd64`, `arm64`. */
  readonly arches?: readonly string[];
  /** Capabilities in the container's bounding set. */
  readonly caps?: readonly Capability[];
  /** A kernel at least this new. */
  readonly minKernel?: readonly [major: number, minor: number];
}

export type Comparison = "NE" | "LT" | "LE" | "EQ" | "GE" | "GT" | "MASKED_EQ";

/** A comparison of one argument with a number of 64 bits, unsigned. */
export interface ArgumentCondition {
  /** 0 to 5. */
  readonly index: number;
  readonly op: Comparison;
  /** For MASKED_EQ the mask. */
  readonly value: bigint;
  /** For MASKED_EQ what the masked argument must be. */
  readonly valueTwo: bigint;
}

/** Where and for whom a filter is made. */
export interface SeccompTarget {
  readonly arch: "x86-64" | "aarch64";
  /** The container's bounding set. */
  readonly capabilities: readonly Capability[];
  readonly kernel: readonly [major: number, minor: number];
}

/** The answer that makes a call fail with an errno. */
export function errnoAction(errno: number): number {
  return SeccompReturn.ERRNO | errno;
}

const GO_ARCHES = { "x86-64": "amd64", aarch64: "arm64" } as const;

/** The rules that count for a target, in the profile's order. */
export function applicableRules(profile: SeccompProfile, target: SeccompTarget): SeccompRule[] {
  return profile.rules.filter(({ includes, excludes }) => {
    if (includes && !circumstances(includes, target).every(Boolean)) return false;
    return !(excludes && circumstances(excludes, target).some(Boolean));
  });
}

/** One truth for each circumstance that is named: a list of machines is one, each capability is one. */
function circumstances({ arches, caps, minKernel }: Circumstances, target: SeccompTarget): boolean[] {
  const truths = (caps ?? []).map((name) => target.capabilities.includes(name));
  if (arches && arches.length > 0) truths.push(arches.includes(GO_ARCHES[target.arch]));
  if (minKernel) truths.push(isAtLeast(target.kernel, minKernel));
  return truths;
}

function isAtLeast(
  [major, minor]: readonly [number, number],
  [needMajor, needMinor]: readonly [number, number],
) {
  return major > needMajor || (major === needMajor && minor >= needMinor);
}
