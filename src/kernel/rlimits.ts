import { readFileSync } from "node:fs";
import { RLIM_INFINITY, RLIMITS } from "../../ffi/structs/resource.ts";
import { PermissionError, UsageError } from "../errors.ts";

export type RlimitName = keyof typeof RLIMITS;

/** A limit on the resources of each process; -1 is unlimited. */
export interface Rlimit {
  readonly name: RlimitName;
  readonly soft: number;
  readonly hard: number;
}

/** What prlimit64(2) takes: the RLIMIT_ number and both values, unlimited as RLIM64_INFINITY. */
export interface EncodedRlimit {
  readonly resource: number;
  readonly soft: bigint;
  readonly hard: bigint;
}

/** The soft limit of open files a container starts with: what select(2) can hold, and what a login shell has. */
const DEFAULT_NOFILE_SOFT = 1024;

/** Names in /proc/self/limits, in the order of their numbers. */
const PROC_NAMES: Readonly<Record<string, RlimitName>> = {
  "Max cpu time": "cpu",
  "Max file size": "fsize",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max core file size": "core",
  "Max resident set": "rss",
  "Max processes": "nproc",
  "Max open files": "nofile",
  "Max locked memory": "memlock",
  "Max address space": "as",
  "Max file locks": "locks",
  "Max pending signals": "sigpending",
  "Max msgqueue size": "msgqueue",
  "Max nice priority": "nice",
  "Max realtime priority": "rtprio",
  "Max realtime timeout": "rttime",
};

/** Whether it is the name of a limit, as `--ulimit` has it: lower case, without RLIMIT_. */
export function isRlimitName(name: string): name is RlimitName {
  return Object.hasOwn(RLIMITS, name);
}

/**
 * Reads a `--ulimit` value, `nofile=1024:2048` or `core=-1`; without a second number the hard limit equals the soft.
 *
 * @throws {UsageError} in docker's words
 */
export function parseUlimit(text: string): Rlimit {
  const split = text.indexOf("=");
  if (split < 0) throw new UsageError(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, split);
  if (!isRlimitName(name)) throw new UsageError(`invalid ulimit type: ${name}`);
  const values = text.slice(split + 1).split(":");
  if (values.length > 2) {
    throw new UsageError(
      `too many limit value arguments - ${values.join(":")}, can only have up to two, \`soft[:hard]\``,
    );
  }
  const [soft, hard = soft] = values.map((value) => parseLimit(value));
  checkOrder(soft!, hard!);
  return { name, soft: soft!, hard: hard! };
}

/**
 * The limits a container's processes get: those asked for, and a usual soft limit of open files.
 *
 * The engine's own soft limit of open files cannot be inherited: the runtime it is written in has raised it.
 *
 * @param own the engine's limits, from {@link readOwnRlimits}
 */
export function containerRlimits(asked: readonly Rlimit[], own: ReadonlyMap<RlimitName, Rlimit>): Rlimit[] {
  const limits = new Map(asked.map((limit) => [limit.name, limit]));
  const nofile = own.get("nofile");
  if (nofile && !limits.has("nofile")) {
    const soft = nofile.hard === -1 ? DEFAULT_NOFILE_SOFT : Math.min(DEFAULT_NOFILE_SOFT, nofile.hard);
    limits.set("nofile", { name: "nofile", soft, hard: nofile.hard });
  }
  return [...limits.values()];
}

/**
 * Refuses limits that the kernel would refuse at the container's start: a hard limit above the engine's own without
 * CAP_SYS_RESOURCE.
 *
 * @throws {PermissionError} which names both limits
 */
export function checkRlimits(
  asked: readonly Rlimit[],
  own: ReadonlyMap<RlimitName, Rlimit>,
  canRaise: boolean,
): void {
  if (canRaise) return;
  for (const { name, hard } of asked) {
    const most = own.get(name)?.hard ?? -1;
    if (most === -1 || (hard !== -1 && hard <= most)) continue;
    throw new PermissionError(
      `Cannot set ulimit ${name} to ${hard === -1 ? "unlimited" : hard}: ` +
        `the hard limit of mini-docker itself is ${most}, and it lacks CAP_SYS_RESOURCE to go beyond`,
      { hint: `Ask for at most ${most}, or raise the limit of the shell first` },
    );
  }
}

/** The limits of this process. @see proc_pid_limits(5) */
export function readOwnRlimits(): Map<RlimitName, Rlimit> {
  return parseProcLimits(readFileSync("/proc/self/limits", "utf8"));
}

/** Reads the table of /proc/PID/limits. */
export function parseProcLimits(text: string): Map<RlimitName, Rlimit> {
  const limits = new Map<RlimitName, Rlimit>();
  for (const line of text.split("\n")) {
    const match = /^(Max [a-z ]+?) +(\d+|unlimited) +(\d+|unlimited) /.exec(`${line} `);
    const name = match && PROC_NAMES[match[1]!];
    if (name) limits.set(name, { name, soft: fromProc(match[2]!), hard: fromProc(match[3]!) });
  }
  return limits;
}

/** The limit in the kernel's terms. @see prlimit64(2) */
export function encodeRlimit({ name, soft, hard }: Rlimit): EncodedRlimit {
  return { resource: RLIMITS[name], soft: encodeValue(soft), hard: encodeValue(hard) };
}

function encodeValue(value: number): bigint {
  return value === -1 ? RLIM_INFINITY : BigInt(value);
}

function fromProc(value: string): number {
  return value === "unlimited" ? -1 : Number(value);
}

function parseLimit(text: string): number {
  const value = Number(text);
  if (!/^(-1|\d+)$/.test(text) || !Number.isSafeInteger(value)) {
    throw new UsageError(`invalid ulimit value: ${text}`, { hint: "Give a number, or -1 for unlimited" });
  }
  return value;
}

function checkOrder(soft: number, hard: number): void {
  const order = "ulimit soft limit must be less than or equal to hard limit";
  if (hard === -1) return;
  if (soft === -1) throw new UsageError(`${order}: soft: -1 (unlimited), hard: ${hard}`);
  if (soft > hard) throw new UsageError(`${order}: ${soft} > ${hard}`);
}
