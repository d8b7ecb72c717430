import type { Controller } from "./layout.ts";

/** What a cgroup may use. A field left out means "as the kernel has it". */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  /** Memory and swap together; -1 for unlimited swap. Needs `memoryBytes`. */
  readonly memorySwapBytes?: number;
  /** What reclaim spares as long as it can. */
  readonly memoryReservationBytes?: number;
  /** CPU time per period; needs `cpuPeriodMicros`. -1 for unlimited. */
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  /** Version 1's relative weight, 2 to 262144 with 1024 for an ordinary cgroup. */
  readonly cpuShares?: number;
  /** Lists in cpuset(7) format. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 for unlimited. */
  readonly pidsMax?: number;
  /** Version 1's relative weight, 10 to 1000. */
  readonly ioWeight?: number;
  readonly ioThrottles?: readonly IoThrottle[];
}

/** The most a cgroup may do on one block device, each a second. */
export interface IoThrottle {
  readonly major: number;
  readonly minor: number;
  readonly readBytes?: number;
  readonly writeBytes?: number;
  readonly readOperations?: number;
  readonly writeOperations?: number;
}

/** One limit on its way to the kernel: a file of a cgroup's directory and what goes into it. */
export interface ControlWrite {
  readonly controller: Controller;
  /** Kernels differ in the file's name: the first that exists is written. */
  readonly choices: readonly { readonly file: string; readonly value: string }[];
  /** What the user calls the limit, for messages: `--memory`. */
  readonly option: string;
  /** What to do when this kernel has none of the files. */
  readonly remedy: string;
  /** When set, a missing file is no error but this warning. */
  readonly warning?: string;
}

const MEMORY_SWAP_WARNING =
  "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.";
const SWAP_REMEDY = "Boot with swapaccount=1 on the kernel command line";
const BANDWIDTH_REMEDY = "Use a kernel built with CONFIG_CFS_BANDWIDTH";
const WEIGHT_REMEDY =
  "Load the bfq module and make it the disk's scheduler (echo bfq > /sys/block/DISK/queue/scheduler)";
const THROTTLE_REMEDY = "Use a kernel built with CONFIG_BLK_DEV_THROTTLING";

/** The controllers these limits need, with the option that needs each. */
export function neededControllers(limits: CgroupLimits): Map<Controller, string> {
  const needed = new Map<Controller, string>();
  for (const { controller, option } of [...v2Writes(limits), ...v1Writes(limits)]) {
    if (!needed.has(controller)) needed.set(controller, option);
  }
  return needed;
}

/**
 * The writes that put limits into a cgroup2 directory.
 *
 * Docker's units become the kernel's: shares a weight of 1 to 10000, memory with swap the swap alone.
 *
 * @see cgroup-v2.rst "Controllers"
 */
export function v2Writes(limits: CgroupLimits): ControlWrite[] {
  const writes: ControlWrite[] = [];
  const { memoryBytes, memorySwapBytes, memoryReservationBytes, cpuShares, ioWeight } = limits;
  if (memoryBytes !== undefined) writes.push(memory("--memory", "memory.max", memoryBytes));
  if (memorySwapBytes !== undefined && memoryBytes !== undefined) {
    const swap = memorySwapBytes === -1 ? "max" : memorySwapBytes - memoryBytes;
    writes.push({ ...memory("--memory-swap", "memory.swap.max", swap), ...swapMissing });
  }
  if (memoryReservationBytes !== undefined) {
    writes.push(memory("--memory-reservation", "memory.low", memoryReservationBytes));
  }
  if (cpuShares !== undefined)
    writes.push(one("cpu", "--cpu-shares", "cpu.weight", sharesToWeight(cpuShares)));
  if (limits.cpuQuotaMicros !== undefined || limits.cpuPeriodMicros !== undefined) {
    const quota = limits.cpuQuotaMicros ?? -1;
    const value = `${quota === -1 ? "max" : quota} ${limits.cpuPeriodMicros ?? 100_000}`;
    writes.push(one("cpu", "--cpus", "cpu.max", value, BANDWIDTH_REMEDY));
  }
  writes.push(...cpusetWrites(limits));
  if (limits.pidsMax !== undefined) writes.push(pids(limits.pidsMax));
  if (ioWeight !== undefined) {
    writes.push({
      controller: "io",
      option: "--blkio-weight",
      choices: [
        { file: "io.bfq.weight", value: String(ioWeight) },
        { file: "io.weight", value: String(ioWeightToV2(ioWeight)) },
      ],
      remedy: WEIGHT_REMEDY,
    });
  }
  for (const throttle of limits.ioThrottles ?? []) {
    writes.push(one("io", throttleOption(throttle), "io.max", ioMax(throttle), THROTTLE_REMEDY));
  }
  return writes;
}

/**
 * The writes that put limits into the directories of version 1's controllers.
 *
 * @see cgroup-v1/memory.rst · cgroup-v1/blkio-controller.rst · sched-bwc.rst
 */
export function v1Writes(limits: CgroupLimits): ControlWrite[] {
  const writes: ControlWrite[] = [];
  const { memoryBytes, memorySwapBytes, memoryReservationBytes } = limits;
  if (memoryBytes !== undefined) writes.push(memory("--memory", "memory.limit_in_bytes", memoryBytes));
  if (memorySwapBytes !== undefined) {
    writes.push({
      ...memory("--memory-swap", "memory.memsw.limit_in_bytes", memorySwapBytes),
      ...swapMissing,
    });
  }
  if (memoryReservationBytes !== undefined) {
    writes.push(memory("--memory-reservation", "memory.soft_limit_in_bytes", memoryReservationBytes));
  }
  if (limits.cpuShares !== undefined) {
    writes.push(one("cpu", "--cpu-shares", "cpu.shares", limits.cpuShares));
  }
  if (limits.cpuPeriodMicros !== undefined) {
    writes.push(one("cpu", "--cpu-period", "cpu.cfs_period_us", limits.cpuPeriodMicros, BANDWIDTH_REMEDY));
  }
  if (limits.cpuQuotaMicros !== undefined) {
    writes.push(one("cpu", "--cpus", "cpu.cfs_quota_us", limits.cpuQuotaMicros, BANDWIDTH_REMEDY));
  }
  writes.push(...cpusetWrites(limits));
  if (limits.pidsMax !== undefined) writes.push(pids(limits.pidsMax));
  if (limits.ioWeight !== undefined) {
    const value = String(limits.ioWeight);
    const choices = ["blkio.bfq.weight", "blkio.weight"].map((file) => ({ file, value }));
    writes.push({ controller: "io", option: "--blkio-weight", choices, remedy: WEIGHT_REMEDY });
  }
  for (const throttle of limits.ioThrottles ?? []) writes.push(...v1Throttle(throttle));
  return writes;
}

/** Docker's CPU shares, 2 to 262144, as version 2's weight, 1 to 10000. */
export function sharesToWeight(shares: number): number {
  const clamped = Math.min(Math.max(shares, 2), 262_144);
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142);
}

/** Docker's blkio weight, 10 to 1000, as io.weight, 1 to 10000. */
function ioWeightToV2(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

const swapMissing = { remedy: SWAP_REMEDY, warning: MEMORY_SWAP_WARNING };

function one(
  controller: Controller,
  option: string,
  file: string,
  value: string | number,
  remedy = "Use a newer kernel",
): ControlWrite {
  return { controller, option, choices: [{ file, value: String(value) }], remedy };
}

function memory(option: string, file: string, value: string | number): ControlWrite {
  return one("memory", option, file, value);
}

function pids(limit: number): ControlWrite {
  return one("pids", "--pids-limit", "pids.max", limit === -1 ? "max" : limit);
}

function cpusetWrites({ cpusetCpus, cpusetMems }: CgroupLimits): ControlWrite[] {
  const writes: ControlWrite[] = [];
  if (cpusetCpus !== undefined) writes.push(one("cpuset", "--cpuset-cpus", "cpuset.cpus", cpusetCpus));
  if (cpusetMems !== undefined) writes.push(one("cpuset", "--cpuset-mems", "cpuset.mems", cpusetMems));
  return writes;
}

const THROTTLES = [
  ["readBytes", "rbps", "blkio.throttle.read_bps_device", "--device-read-bps"],
  ["writeBytes", "wbps", "blkio.throttle.write_bps_device", "--device-write-bps"],
  ["readOperations", "riops", "blkio.throttle.read_iops_device", "--device-read-iops"],
  ["writeOperations", "wiops", "blkio.throttle.write_iops_device", "--device-write-iops"],
] as const;

function ioMax(throttle: IoThrottle): string {
  const limits = THROTTLES.flatMap(([field, key]) =>
    throttle[field] === undefined ? [] : [`${key}=${throttle[field]}`],
  );
  return `${throttle.major}:${throttle.minor} ${limits.join(" ")}`;
}

function throttleOption(throttle: IoThrottle): string {
  return THROTTLES.find(([field]) => throttle[field] !== undefined)?.[3] ?? "--device-read-bps";
}

function v1Throttle(throttle: IoThrottle): ControlWrite[] {
  return THROTTLES.flatMap(([field, , file, option]) => {
    const rate = throttle[field];
    if (rate === undefined) return [];
    return [one("io", option, file, `${throttle.major}:${throttle.minor} ${rate}`, THROTTLE_REMEDY)];
  });
}
