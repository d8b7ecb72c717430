import { readFileSync } from "node:fs";
import { CAPABILITIES } from "../../ffi/structs/capability.ts";
import { UnsupportedError, UsageError } from "../errors.ts";

/** A capability's name in upper case, without CAP_. */
export type Capability = (typeof CAPABILITIES)[number];

/** What a container's root may do unless it asks for more or less: docker's 14. */
export const DEFAULT_CAPABILITIES: readonly Capability[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
];

const numbers = new Map<string, number>(CAPABILITIES.map((name, number) => [name, number]));

/** The default set as a mask of bits, bit N for capability N. */
export const DEFAULT_CAPABILITY_MASK = capabilityMask(DEFAULT_CAPABILITIES);

/** The set as a mask, as capset(2) and /proc have it: bit N for capability N. */
export function capabilityMask(names: Iterable<Capability>): bigint {
  let mask = 0n;
  for (const name of names) mask |= 1n << BigInt(numbers.get(name)!);
  return mask;
}

/** The names of a mask's bits in order of their numbers; bits that have no name are left out. */
export function capabilityNames(mask: bigint): Capability[] {
  return CAPABILITIES.filter((_, number) => (mask >> BigInt(number)) & 1n);
}

/** The number of a capability, as prctl(PR_CAPBSET_DROP) takes it. */
export function capabilityNumber(name: Capability): number {
  return numbers.get(name)!;
}

export interface CapabilityRequest {
  /** Names in any case, with or without CAP_; `ALL` for all. */
  readonly add: readonly string[];
  readonly drop: readonly string[];
  /** All that the engine itself may hand on. */
  readonly privileged: boolean;
}

/**
 * The set a container gets, by docker's rules: `ALL` added means everything but the dropped; `ALL` dropped means just
 * the added; otherwise the default set, less the dropped, plus the added.
 *
 * Nobody can hand on what is missing from the own bounding set. `ALL`, `--privileged` and the default set leave such
 * capabilities out; asking for one by name is an error.
 *
 * @param boundingMask the engine's own bounding set
 * @returns the mask for the permitted, effective and bounding sets; inheritable and ambient stay empty
 * @throws {UsageError} for a name that no kernel knows, in docker's words
 * @throws {UnsupportedError} for a name that the bounding set lacks
 * @see capabilities(7)
 */
export function resolveCapabilities(request: CapabilityRequest, boundingMask: bigint): bigint {
  if (request.privileged) return boundingMask;
  const add = parseList("CapAdd", request.add);
  const drop = parseList("CapDrop", request.drop);
  const dropped = capabilityMask(drop.names);
  const added = capabilityMask(add.names);
  if (add.all) return boundingMask & ~dropped;
  const missing = capabilityNames(added & ~boundingMask);
  if (missing.length > 0) {
    throw new UnsupportedError(
      `invalid CapAdd: capability not supported by your kernel or not available in the current environment: ` +
        `"CAP_${missing[0]}"`,
      { hint: "Start mini-docker from a place that has the capability, or leave it out" },
    );
  }
  if (drop.all) return added;
  return (DEFAULT_CAPABILITY_MASK & ~dropped & boundingMask) | added;
}

/** The bounding set of this process: the most it can hand on. @see proc_pid_status(5) */
export function readBoundingMask(): bigint {
  const field = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return BigInt(`0x${field?.[1] ?? "0"}`);
}

function parseList(option: string, list: readonly string[]): { all: boolean; names: Capability[] } {
  const names: Capability[] = [];
  let all = false;
  for (const item of list) {
    const name = item.toUpperCase().replace(/^CAP_/, "");
    if (item.toUpperCase() === "ALL") all = true;
    else if (numbers.has(name)) names.push(name as Capability);
    else throw new UsageError(`invalid ${option}: unknown capability: "CAP_${name}"`);
  }
  return { all, names };
}
