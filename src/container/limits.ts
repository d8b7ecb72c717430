import { UsageError } from "../errors.ts";
import {
  allowsAll,
  DEFAULT_DEVICE_RULES,
  type DeviceRule,
  parseDeviceRule,
} from "../kernel/bpf/device-rule.ts";
import type { CgroupLimits, IoThrottle } from "../kernel/cgroup/limits.ts";
import { type DeviceNumber, isPartition, readDeviceNode, readDevices } from "../kernel/device-node.ts";
import { type MachineFacts, machineFacts } from "../kernel/machine.ts";
import { isRlimitName, type Rlimit } from "../kernel/rlimits.ts";
import { parseNumberList } from "../lib/number-list.ts";
import type { HostConfig, Resources, ThrottleDevice } from "./config.ts";

/** The least memory a container can start with, by docker's word. */
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;
const DEFAULT_PERIOD_MICROS = 100_000;
const MIN_PERIOD_MICROS = 1000;
const MAX_PERIOD_MICROS = 1_000_000;
const NANOS_PER_CPU = 1e9;
/** A hundredth of a CPU: the least quota that the kernel takes in the usual period. */
const MIN_NANO_CPUS = NANOS_PER_CPU / 100;

/**
 * Refuses limits that cannot hold, before anything is made.
 *
 * The words are docker's: scripts look for them.
 *
 * @throws {UsageError} for the first impossible value
 */
export function checkResources(resources: Resources, facts: MachineFacts = machineFacts): void {
  checkMemory(resources);
  checkCpu(resources, facts);
  checkCpuset(resources, facts);
  const { blkioWeight, oomScoreAdj, cpuShares, pidsLimit } = resources;
  if (blkioWeight && (blkioWeight < 10 || blkioWeight > 1000)) {
    throw new UsageError("Range of blkio weight is from 10 to 1000");
  }
  if (oomScoreAdj !== undefined && (oomScoreAdj < -1000 || oomScoreAdj > 1000)) {
    throw new UsageError(`Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  if (cpuShares !== undefined && cpuShares < 0) {
    throw new UsageError(`invalid CPU shares (${cpuShares}): value must be a positive integer`);
  }
  if (pidsLimit !== undefined && pidsLimit < -1) {
    throw new UsageError(
      `Invalid value ${pidsLimit}, the limit of processes is a positive number, or -1 for none`,
    );
  }
  for (const { path, rate } of throttles(resources)) {
    if (!(rate > 0))
      throw new UsageError(`invalid rate for device: ${path}:${rate}. It must be a positive integer`);
  }
}

/**
 * The limits in the kernel's terms, docker's defaults filled in: as much swap as memory.
 *
 * @param resources that {@link checkResources} has let pass
 * @throws {NotFoundError | UsageError} for a throttled device that is missing, or no whole disk
 */
export function cgroupLimits(resources: Resources): CgroupLimits {
  const { memoryBytes, memorySwapBytes, nanoCpus, pidsLimit } = resources;
  const limits: { -readonly [Name in keyof CgroupLimits]: CgroupLimits[Name] } = {};
  if (memoryBytes) {
    limits.memoryBytes = memoryBytes;
    limits.memorySwapBytes = memorySwapBytes || 2 * memoryBytes;
  }
  if (resources.memoryReservationBytes) limits.memoryReservationBytes = resources.memoryReservationBytes;
  if (nanoCpus) {
    limits.cpuPeriodMicros = DEFAULT_PERIOD_MICROS;
    limits.cpuQuotaMicros = Math.floor((nanoCpus / NANOS_PER_CPU) * DEFAULT_PERIOD_MICROS);
  }
  if (resources.cpuPeriodMicros) limits.cpuPeriodMicros = resources.cpuPeriodMicros;
  if (resources.cpuQuotaMicros) limits.cpuQuotaMicros = Math.max(resources.cpuQuotaMicros, -1);
  if (resources.cpuShares) limits.cpuShares = resources.cpuShares;
  if (resources.cpusetCpus) limits.cpusetCpus = resources.cpusetCpus;
  if (resources.cpusetMems) limits.cpusetMems = resources.cpusetMems;
  if (pidsLimit) limits.pidsMax = pidsLimit;
  if (resources.blkioWeight) limits.ioWeight = resources.blkioWeight;
  const ioThrottles = mergeThrottles(resources);
  if (ioThrottles.length > 0) limits.ioThrottles = ioThrottles;
  return limits;
}

/**
 * Which devices the container's processes may use.
 *
 * @throws {UsageError} for a rule that does not parse
 * @throws {NotFoundError} for a mapped device that the host does not have
 */
export function deviceRules({ resources, privileged }: HostConfig): DeviceRule[] {
  if (privileged) return [{ kind: "a", access: "rwm" }];
  const asked = (resources.deviceCgroupRules ?? []).map(parseDeviceRule);
  if (allowsAll(asked)) return asked;
  const mapped = (resources.devices ?? []).flatMap(({ hostPath, permissions }) =>
    readDevices(hostPath).map(({ kind, major, minor }) => ({ kind, major, minor, access: permissions })),
  );
  return [...DEFAULT_DEVICE_RULES, ...mapped, ...asked];
}

/**
 * The limits of each process in the kernel's terms.
 *
 * @throws {UsageError} for a name that is no limit
 */
export function askedRlimits({ ulimits }: Resources): Rlimit[] {
  return (ulimits ?? []).map(({ name, soft, hard }) => {
    if (!isRlimitName(name)) throw new UsageError(`invalid ulimit type: ${name}`);
    return { name, soft, hard };
  });
}

function checkMemory({
  memoryBytes: memory,
  memorySwapBytes: swap,
  memoryReservationBytes: reserved,
}: Resources) {
  if (memory && memory < MIN_MEMORY_BYTES) throw new UsageError("Minimum memory limit allowed is 6MB");
  if (swap && swap !== -1 && !memory) {
    throw new UsageError("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  if (memory && swap && swap !== -1 && swap < memory) {
    throw new UsageError("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (reserved && reserved < MIN_MEMORY_BYTES) {
    throw new UsageError("Minimum memory reservation allowed is 6MB");
  }
  if (memory && reserved && memory < reserved) {
    throw new UsageError("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(resources: Resources, facts: MachineFacts): void {
  const { nanoCpus, cpuPeriodMicros: period, cpuQuotaMicros: quota } = resources;
  if (nanoCpus !== undefined) {
    if (nanoCpus && period) throw conflictingCpus("Period");
    if (nanoCpus && quota) throw conflictingCpus("Quota");
    const count = parseNumberList(facts.cpus())!.length;
    if (nanoCpus < 0 || (nanoCpus && nanoCpus < MIN_NANO_CPUS) || nanoCpus > count * NANOS_PER_CPU) {
      throw new UsageError(
        `Range of CPUs is from 0.01 to ${count}.00, as there are only ${count} CPUs available`,
      );
    }
  }
  if (period && (period < MIN_PERIOD_MICROS || period > MAX_PERIOD_MICROS)) {
    const range = "less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)";
    throw new UsageError(`CPU cfs period can not be ${range}`);
  }
  if (quota && quota > 0 && quota < MIN_PERIOD_MICROS) {
    throw new UsageError("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  }
}

function conflictingCpus(other: string): UsageError {
  return new UsageError(`Conflicting options: Nano CPUs and CPU ${other} cannot both be set`);
}

function checkCpuset({ cpusetCpus, cpusetMems }: Resources, facts: MachineFacts): void {
  if (cpusetCpus) checkList(cpusetCpus, facts.cpus(), { value: "cpuset cpus", things: "CPUs" });
  if (cpusetMems)
    checkList(cpusetMems, facts.memoryNodes(), { value: "cpuset mems", things: "memory nodes" });
}

function checkList(asked: string, available: string, words: { value: string; things: string }): void {
  const numbers = parseNumberList(asked);
  if (!numbers) throw new UsageError(`Invalid value ${asked} for ${words.value}`);
  const there = new Set(parseNumberList(available));
  if (numbers.every((number) => there.has(number))) return;
  throw new UsageError(
    `Requested ${words.things} are not available - requested ${asked}, available: ${available}`,
  );
}

const THROTTLE_FIELDS = [
  ["deviceReadBps", "readBytes"],
  ["deviceWriteBps", "writeBytes"],
  ["deviceReadIops", "readOperations"],
  ["deviceWriteIops", "writeOperations"],
] as const;

function throttles(resources: Resources): ThrottleDevice[] {
  return THROTTLE_FIELDS.flatMap(([field]) => resources[field] ?? []);
}

/** All limits of a device together: the kernel takes them in one line. */
function mergeThrottles(resources: Resources): IoThrottle[] {
  const merged = new Map<string, IoThrottle>();
  for (const [field, limit] of THROTTLE_FIELDS) {
    for (const { path, rate } of resources[field] ?? []) {
      const { major, minor } = throttledDisk(path);
      const key = `${major}:${minor}`;
      merged.set(key, { ...(merged.get(key) ?? { major, minor }), [limit]: rate });
    }
  }
  return [...merged.values()];
}

function throttledDisk(path: string): DeviceNumber {
  const device = readDeviceNode(path);
  if (device.kind !== "b") throw new UsageError(`Cannot throttle "${path}": not a block device`);
  if (isPartition(device)) {
    throw new UsageError(`Cannot throttle "${path}": it is a partition`, {
      hint: "Name the whole disk: the kernel counts by disk",
    });
  }
  return device;
}
