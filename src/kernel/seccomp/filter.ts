import { release } from "node:os";
import { ARCH } from "../../../ffi/abi/syscalls.ts";
import { capabilityMask, capabilityNames, DEFAULT_CAPABILITY_MASK } from "../capabilities.ts";
import type { SeccompTarget } from "./profile.ts";

/** What seccomp(2) takes with SECCOMP_SET_MODE_FILTER. */
export interface SeccompFilter {
  /** `struct sock_filter[]` */
  readonly program: Uint8Array<ArrayBuffer>;
  /** SECCOMP_FILTER_FLAG_ bits. */
  readonly flags: number;
}

/**
 * The capabilities that the default profile's rules name. The list is the profile's own, as a mask, so that the usual
 * container loads no profile at all; a test compares.
 */
const DECIDING_MASK = capabilityMask([
  "DAC_READ_SEARCH",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_CHROOT",
  "SYS_MODULE",
  "SYS_PACCT",
  "SYS_PTRACE",
  "SYS_RAWIO",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "SYS_NICE",
  "SYSLOG",
  "BPF",
  "PERFMON",
]);

/**
 * The filter for a container with these capabilities.
 *
 * The default filter for the default capabilities (and for any set that differs in none the profile asks about) was
 * compiled when mini-docker was built; others are compiled here.
 *
 * @param capabilities the container's bounding set, a mask
 * @param profileText a profile in docker's JSON format; `undefined` for the default
 * @throws {InvalidDataError | UnsupportedError} for a profile that cannot be used
 */
export async function seccompFilter(capabilities: bigint, profileText?: string): Promise<SeccompFilter> {
  if (
    profileText === undefined &&
    (capabilities & DECIDING_MASK) === (DEFAULT_CAPABILITY_MASK & DECIDING_MASK)
  ) {
    const { DEFAULT_FILTERS } = await import("./default-filter.generated.ts");
    return { program: Uint8Array.fromBase64(DEFAULT_FILTERS[ARCH]), flags: 0 };
  }
  const { compileProfile } = await import("./compile.ts");
  const profile =
    profileText === undefined
      ? (await import("./default-profile.ts")).DEFAULT_PROFILE
      : (await import("./parse.ts")).parseProfile(profileText);
  const target: SeccompTarget = {
    arch: ARCH,
    capabilities: capabilityNames(capabilities),
    kernel: kernelVersion(release()),
  };
  return { program: compileProfile(profile, target), flags: profile.flags };
}

/** Major and minor of a kernel's release, `6.1.0-56-amd64`. */
export function kernelVersion(text: string): [major: number, minor: number] {
  const match = /^(\d+)\.(\d+)/.exec(text);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}
