import { expect, test } from "bun:test";
import {
  type CgroupLimits,
  neededControllers,
  sharesToWeight,
  v1Writes,
  v2Writes,
} from "../../../../src/kernel/cgroup/limits.ts";

const MB = 1024 * 1024;
const ALL: CgroupLimits = {
  memoryBytes: 64 * MB,
  memorySwapBytes: 96 * MB,
  memoryReservationBytes: 32 * MB,
  cpuQuotaMicros: 50_000,
  cpuPeriodMicros: 100_000,
  cpuShares: 1024,
  cpusetCpus: "0-1",
  cpusetMems: "0",
  pidsMax: 100,
  ioWeight: 500,
  ioThrottles: [{ major: 8, minor: 0, readBytes: 1000, writeOperations: 20 }],
};
const lines = (writes: ReturnType<typeof v2Writes>) =>
  writes.map(({ choices }) => choices.map(({ file, value }) => `${file}=${value}`).join(" | "));

test("docker's units become version 2's", () => {
  expect(lines(v2Writes(ALL))).toEqual([
    "memory.max=67108864",
    "memory.swap.max=33554432",
    "memory.low=33554432",
    "cpu.weight=39",
    "cpu.max=50000 100000",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
    "pids.max=100",
    "io.bfq.weight=500 | io.weight=4950",
    "io.max=8:0 rbps=1000 wiops=20",
  ]);
});

test("version 1 takes docker's units, each limit in a file of its own", () => {
  expect(lines(v1Writes(ALL))).toEqual([
    "memory.limit_in_bytes=67108864",
    "memory.memsw.limit_in_bytes=100663296",
    "memory.soft_limit_in_bytes=33554432",
    "cpu.shares=1024",
    "cpu.cfs_period_us=100000",
    "cpu.cfs_quota_us=50000",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
    "pids.max=100",
    "blkio.bfq.weight=500 | blkio.weight=500",
    "blkio.throttle.read_bps_device=8:0 1000",
    "blkio.throttle.write_iops_device=8:0 20",
  ]);
});

test("unlimited is max on version 2, and -1 on version 1 but for pids", () => {
  const unlimited = { memoryBytes: 64 * MB, memorySwapBytes: -1, cpuQuotaMicros: -1, pidsMax: -1 };
  expect(lines(v2Writes(unlimited))).toEqual([
    "memory.max=67108864",
    "memory.swap.max=max",
    "cpu.max=max 100000",
    "pids.max=max",
  ]);
  expect(lines(v1Writes(unlimited))).toEqual([
    "memory.limit_in_bytes=67108864",
    "memory.memsw.limit_in_bytes=-1",
    "cpu.cfs_quota_us=-1",
    "pids.max=max",
  ]);
});

test("no limit writes nothing and needs no controller", () => {
  expect([v1Writes({}), v2Writes({}), [...neededControllers({})]]).toEqual([[], [], []]);
});

test("each controller is needed for the first option that asks for it", () => {
  expect([...neededControllers({ ioWeight: 10, memoryReservationBytes: 1 })]).toEqual([
    ["memory", "--memory-reservation"],
    ["io", "--blkio-weight"],
  ]);
});

test("shares from 2 to 262144 are weights from 1 to 10000", () => {
  expect([1, 2, 1024, 262_144, 1_000_000].map(sharesToWeight)).toEqual([1, 1, 39, 10_000, 10_000]);
});
