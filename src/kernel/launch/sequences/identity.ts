/** Calls that give away privileges: limits, capabilities, user and groups, the system-call filter. */
import { CAPABILITIES } from "../../../../ffi/structs/capability.ts";
import { Prctl } from "../../../../ffi/structs/sched.ts";
import { struct } from "../../../../ffi/struct.ts";
import { encodeRlimit, type Rlimit } from "../../rlimits.ts";
import type { SeccompFilter } from "../../seccomp/filter.ts";
import type { ProgramBuilder } from "../builder.ts";
import { bytes, cString, structure } from "../data.ts";
import { Symbolic } from "../program.ts";

const SIGKILL = new Symbolic(9, "SIGKILL");
const SIG_SETMASK = new Symbolic(2, "SIG_SETMASK");
const KERNEL_SIGSET_SIZE = 8;
const KEYCTL_JOIN_SESSION_KEYRING = new Symbolic(1, "KEYCTL_JOIN_SESSION_KEYRING");
const SECCOMP_SET_MODE_FILTER = new Symbolic(1, "SECCOMP_SET_MODE_FILTER");
const SOCK_FILTER_SIZE = 8;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;

const rlimit64 = struct({ cur: "u64", max: "u64" });
/** `struct sock_fprog`, linux/filter.h. */
const sockFprog = struct({ len: "u16", filter: "u64" });
const capHeader = struct({ version: "u32", pid: "i32" });
const capData = struct({
  effective0: "u32",
  permitted0: "u32",
  inheritable0: "u32",
  effective1: "u32",
  permitted1: "u32",
  inheritable1: "u32",
});

/** What a process is to be when it runs a user's program. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the primary one among them. */
  readonly groups: readonly number[];
  /** The bounding set; root gets it as permitted and effective set too. @see capabilities(7) */
  readonly capabilities: bigint;
  /** Capabilities that the kernel knows: bits above are not dropped, since the kernel would refuse. */
  readonly lastCapability: number;
  readonly noNewPrivileges: boolean;
  /** A classic BPF program and its flags, or none. @see seccomp(2) */
  readonly seccompFilter?: SeccompFilter;
  readonly rlimits: readonly Rlimit[];
}

/** The process is killed when the shim, its parent, dies. A change of user ID clears it. @see PR_SET_PDEATHSIG(2const) */
export function dieWithParent(b: ProgramBuilder): void {
  const why = "if the shim is killed, so is the container: nothing runs unwatched";
  prctl(b, "PR_SET_PDEATHSIG", Prctl.SET_PDEATHSIG, SIGKILL, why);
}

/** A keyring of its own, so that the caller's keys stay out of reach. @see keyctl(2) */
export function newSessionKeyring(b: ProgramBuilder, name: string): void {
  b.call("keyctl", [KEYCTL_JOIN_SESSION_KEYRING, cString(name)], {
    why: "a session keyring of its own: the caller's keys stay out of reach",
    tolerate: "any",
  });
}

/**
 * Gives away every privilege that the process is not to have. Little follows before execve(2).
 *
 * The filter is loaded first where that takes CAP_SYS_ADMIN, and last where no_new_privs allows it without: the later,
 * the fewer calls of ours it has to allow.
 */
export function takeIdentity(b: ProgramBuilder, identity: Identity): void {
  const { uid, gid, groups, capabilities, lastCapability, noNewPrivileges, seccompFilter, rlimits } =
    identity;
  for (const limit of rlimits) {
    const { resource, soft, hard } = encodeRlimit(limit);
    const name = `RLIMIT_${limit.name.toUpperCase()}`;
    const value = bytes(rlimit64.encode({ cur: soft, max: hard }), `{${limit.soft}, ${limit.hard}}`);
    b.call("prlimit64", [0, new Symbolic(resource, name), value, null], {
      why: `${name}: soft and hard`,
      subject: name,
    });
  }
  if (seccompFilter && !noNewPrivileges) loadFilter(b, seccompFilter);
  CAPABILITIES.forEach((name, number) => {
    if (number > lastCapability || (capabilities >> BigInt(number)) & 1n) return;
    prctl(
      b,
      "PR_CAPBSET_DROP",
      Prctl.CAPBSET_DROP,
      new Symbolic(number, `CAP_${name}`),
      "never to be gained again",
    );
  });
  prctl(
    b,
    "PR_SET_KEEPCAPS",
    Prctl.SET_KEEPCAPS,
    new Symbolic(1, "1"),
    "the next calls need capabilities still",
  );
  setUser(b, { uid, gid, groups });
  setCapabilities(b, uid === 0 ? capabilities : 0n);
  dieWithParent(b);
  if (noNewPrivileges) {
    prctl(
      b,
      "PR_SET_NO_NEW_PRIVS",
      Prctl.SET_NO_NEW_PRIVS,
      new Symbolic(1, "1"),
      "set-user-ID programs gain nothing",
    );
    if (seccompFilter) loadFilter(b, seccompFilter);
  }
}

/** Lets signals through again: the shim blocks them all, and execve(2) would keep them blocked. */
export function unblockSignals(b: ProgramBuilder): void {
  const none = bytes(new Uint8Array(KERNEL_SIGSET_SIZE), "{}");
  b.call("rt_sigprocmask", [SIG_SETMASK, none, null, KERNEL_SIGSET_SIZE], {
    why: "the shim blocks all signals; the program starts with none blocked",
    subject: "the signal mask",
  });
}

function setUser(b: ProgramBuilder, user: { uid: number; gid: number; groups: readonly number[] }): void {
  const { uid, gid, groups } = user;
  const list = bytes(new Uint8Array(Uint32Array.from(groups).buffer), `{${groups.join(", ")}}`);
  b.call("setgroups", [groups.length, list], { why: "supplementary groups", subject: groups.join(", ") });
  b.call("setresgid", [gid, gid, gid], { why: "the group, in all its forms", subject: `group ${gid}` });
  b.call("setresuid", [uid, uid, uid], { why: "the user, in all its forms", subject: `user ${uid}` });
}

function setCapabilities(b: ProgramBuilder, mask: bigint): void {
  const low = Number(mask & 0xffff_ffffn);
  const high = Number(mask >> 32n);
  const header = bytes(
    capHeader.encode({ version: LINUX_CAPABILITY_VERSION_3 }),
    "{_LINUX_CAPABILITY_VERSION_3}",
  );
  const data = capData.encode({ effective0: low, permitted0: low, effective1: high, permitted1: high });
  b.call(
    "capset",
    [header, bytes(data, `{effective = permitted = 0x${mask.toString(16)}, inheritable = 0}`)],
    {
      why: "capabilities: what is left of root's power; nothing is inheritable",
      subject: `0x${mask.toString(16)}`,
    },
  );
}

function loadFilter(b: ProgramBuilder, { program: filter, flags }: SeccompFilter): void {
  const count = filter.length / SOCK_FILTER_SIZE;
  const program = sockFprog.encode({ len: count });
  const data = structure(program, `{sock_filter[${count}]}`, {
    [sockFprog.offsets.filter]: bytes(filter, "filter"),
  });
  b.call("seccomp", [SECCOMP_SET_MODE_FILTER, flags, data], {
    why: "the system calls that a container has no use for fail",
    subject: "the system-call filter",
  });
}

function prctl(b: ProgramBuilder, name: string, option: number, value: Symbolic, why: string): void {
  b.call("prctl", [new Symbolic(option, name), value, 0, 0, 0], { why, subject: `${name} ${value.text}` });
}
