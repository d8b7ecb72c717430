import { readControl, readCounters, readNumber } from "./control-file.ts";

/** What a cgroup uses and has used. A part is missing when its controller is. */
export interface CgroupStats {
  readonly memory?: MemoryStats;
  readonly cpu?: CpuStats;
  readonly pids?: PidsStats;
  readonly io?: IoStats;
}

export interface MemoryStats {
  readonly currentBytes: number;
  /** The most it has been; `undefined` when the kernel does not say (version 2 before Linux 5.19). */
  readonly peakBytes?: number | undefined;
  /** `undefined` for unlimited. */
  readonly limitBytes?: number | undefined;
  /** File cache that the kernel can drop first; docker's "usage" leaves it out. */
  readonly inactiveFileBytes: number;
  /** Processes killed because the limit was reached. */
  readonly oomKills: number;
}

export interface CpuStats {
  readonly usageMicros: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** How many periods the quota was set for, and in how many it ran out. */
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledMicros: number;
}

export interface PidsStats {
  readonly current: number;
  /** `undefined` for unlimited. */
  readonly limit?: number | undefined;
}

export interface IoStats {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** Version 1 says "unlimited" with the largest multiple of a page. */
const V1_UNLIMITED = 2 ** 62;
/** Clock ticks in cpuacct.stat: USER_HZ, 100 on x86-64 and aarch64. */
const MICROS_PER_TICK = 10_000;

/** Processes killed in a cgroup because its memory limit was reached. @see cgroup-v2.rst "memory.events" */
export function readOomKills(version: 1 | 2, directory: string): number {
  const file = version === 2 ? "memory.events" : "memory.oom_control";
  return readCounters(`${directory}/${file}`).get("oom_kill") ?? 0;
}

/** Memory of a cgroup; `undefined` when the controller is not there. */
export function readMemory(version: 1 | 2, directory: string): MemoryStats | undefined {
  const v2 = version === 2;
  const currentBytes = readNumber(`${directory}/${v2 ? "memory.current" : "memory.usage_in_bytes"}`);
  if (currentBytes === undefined) return undefined;
  const limit = readNumber(`${directory}/${v2 ? "memory.max" : "memory.limit_in_bytes"}`);
  const stat = readCounters(`${directory}/memory.stat`);
  return {
    currentBytes,
    peakBytes: readNumber(`${directory}/${v2 ? "memory.peak" : "memory.max_usage_in_bytes"}`),
    limitBytes: limit !== undefined && limit < V1_UNLIMITED ? limit : undefined,
    inactiveFileBytes: stat.get(v2 ? "inactive_file" : "total_inactive_file") ?? 0,
    oomKills: readOomKills(version, directory),
  };
}

/**
 * @param accounting the directory of version 1's cpuacct, which may be another than cpu's; `undefined` when neither
 *   controller is there: version 2 counts CPU time in every cgroup all the same
 */
export function readCpu(version: 1 | 2, directory?: string, accounting?: string): CpuStats | undefined {
  const stat = directory ? readCounters(`${directory}/cpu.stat`) : new Map<string, number>();
  const quota = { periods: stat.get("nr_periods") ?? 0, throttledPeriods: stat.get("nr_throttled") ?? 0 };
  if (version === 2) {
    const usageMicros = stat.get("usage_usec");
    if (usageMicros === undefined) return undefined;
    return {
      usageMicros,
      userMicros: stat.get("user_usec") ?? 0,
      systemMicros: stat.get("system_usec") ?? 0,
      ...quota,
      throttledMicros: stat.get("throttled_usec") ?? 0,
    };
  }
  const usageNanos = accounting && readNumber(`${accounting}/cpuacct.usage`);
  if (usageNanos === undefined || usageNanos === "") return undefined;
  const split = readCounters(`${accounting}/cpuacct.stat`);
  return {
    usageMicros: Math.floor(usageNanos / 1000),
    userMicros: (split.get("user") ?? 0) * MICROS_PER_TICK,
    systemMicros: (split.get("system") ?? 0) * MICROS_PER_TICK,
    ...quota,
    throttledMicros: Math.floor((stat.get("throttled_time") ?? 0) / 1000),
  };
}

/** Processes of a cgroup; `undefined` when the controller is not there. */
export function readPids(directory: string): PidsStats | undefined {
  const current = readNumber(`${directory}/pids.current`);
  return current === undefined ? undefined : { current, limit: readNumber(`${directory}/pids.max`) };
}

/** Sums over all devices. */
export function readIo(version: 1 | 2, directory: string): IoStats | undefined {
  if (version === 2) {
    const text = readControl(`${directory}/io.stat`);
    if (text === undefined) return undefined;
    return {
      readBytes: sum(text, /\brbytes=(\d+)/g),
      writeBytes: sum(text, /\bwbytes=(\d+)/g),
      reads: sum(text, /\brios=(\d+)/g),
      writes: sum(text, /\bwios=(\d+)/g),
    };
  }
  const bytes = readControl(`${directory}/blkio.throttle.io_service_bytes`);
  const operations = readControl(`${directory}/blkio.throttle.io_serviced`);
  if (bytes === undefined || operations === undefined) return undefined;
  return {
    readBytes: sum(bytes, / Read (\d+)/g),
    writeBytes: sum(bytes, / Write (\d+)/g),
    reads: sum(operations, / Read (\d+)/g),
    writes: sum(operations, / Write (\d+)/g),
  };
}

function sum(text: string, pattern: RegExp): number {
  let total = 0;
  for (const [, value] of text.matchAll(pattern)) total += Number(value);
  return total;
}
