import { describe, expect, test } from "bun:test";
import type { HostConfig, Resources } from "../../../src/container/config.ts";
import { askedRlimits, cgroupLimits, checkResources, deviceRules } from "../../../src/container/limits.ts";
import { NotFoundError, UsageError } from "../../../src/errors.ts";

const MB = 1024 * 1024;
const FACTS = { cpus: () => "0-3", memoryNodes: () => "0" };

describe("limits that cannot hold are refused in docker's words", () => {
  const cases: readonly [Resources, string][] = [
    [{ memoryBytes: 5 * MB }, "Minimum memory limit allowed is 6MB"],
    [{ memoryBytes: -1 }, "Minimum memory limit allowed is 6MB"],
    [
      { memorySwapBytes: 64 * MB },
      "You should always set the Memory limit when using Memoryswap limit, see usage",
    ],
    [
      { memoryBytes: 64 * MB, memorySwapBytes: 32 * MB },
      "Minimum memoryswap limit should be larger than memory limit, see usage",
    ],
    [{ memoryReservationBytes: 1 }, "Minimum memory reservation allowed is 6MB"],
    [
      { memoryBytes: 10 * MB, memoryReservationBytes: 20 * MB },
      "Minimum memory limit can not be less than memory reservation limit, see usage",
    ],
    [{ nanoCpus: 4.5e9 }, "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"],
    [{ nanoCpus: -1 }, "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"],
    [
      { nanoCpus: 1e9, cpuPeriodMicros: 1000 },
      "Conflicting options: Nano CPUs and CPU Period cannot both be set",
    ],
    [
      { nanoCpus: 1e9, cpuQuotaMicros: 1000 },
      "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
    ],
    [
      { cpuPeriodMicros: 999 },
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    ],
    [
      { cpuPeriodMicros: 1_000_001 },
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    ],
    [{ cpuQuotaMicros: 999 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
    [{ cpuShares: -1 }, "invalid CPU shares (-1): value must be a positive integer"],
    [{ cpusetCpus: "0-4" }, "Requested CPUs are not available - requested 0-4, available: 0-3"],
    [{ cpusetCpus: "0;1" }, "Invalid value 0;1 for cpuset cpus"],
    [{ cpusetMems: "1" }, "Requested memory nodes are not available - requested 1, available: 0"],
    [{ blkioWeight: 9 }, "Range of blkio weight is from 10 to 1000"],
    [{ blkioWeight: 1001 }, "Range of blkio weight is from 10 to 1000"],
    [{ oomScoreAdj: 1001 }, "Invalid value 1001, range for oom score adj is [-1000, 1000]"],
    [{ deviceReadBps: [{ path: "/dev/sda", rate: 0 }] }, "invalid rate for device: /dev/sda:0"],
  ];
  for (const [resources, message] of cases) {
    test(JSON.stringify(resources), () => {
      expect(() => checkResources(resources, FACTS)).toThrow(message);
      expect(() => checkResources(resources, FACTS)).toThrow(UsageError);
    });
  }

  test("what docker takes for no limit is let pass", () => {
    checkResources({}, FACTS);
    checkResources({ memoryBytes: 0, memorySwapBytes: -1, nanoCpus: 0, pidsLimit: -1, cpuShares: 0 }, FACTS);
    checkResources(
      { memoryBytes: 6 * MB, memorySwapBytes: 6 * MB, cpusetCpus: "0,2-3", nanoCpus: 4e9 },
      FACTS,
    );
  });
});

describe("limits in the kernel's terms", () => {
  test("are none when none is asked for", () => {
    expect(cgroupLimits({})).toEqual({});
    expect(cgroupLimits({ pidsLimit: 0, memoryBytes: 0, cpuShares: 0 })).toEqual({});
  });

  test("memory alone brings as much swap", () => {
    expect(cgroupLimits({ memoryBytes: 64 * MB })).toEqual({
      memoryBytes: 64 * MB,
      memorySwapBytes: 128 * MB,
    });
    expect(cgroupLimits({ memoryBytes: 64 * MB, memorySwapBytes: -1 }).memorySwapBytes).toBe(-1);
  });

  test("CPUs are a quota of a tenth of a second", () => {
    expect(cgroupLimits({ nanoCpus: 1.5e9 })).toEqual({ cpuQuotaMicros: 150_000, cpuPeriodMicros: 100_000 });
    expect(cgroupLimits({ cpuQuotaMicros: -5 })).toEqual({ cpuQuotaMicros: -1 });
  });

  test("a throttled device must be a block device of the host", () => {
    expect(() => cgroupLimits({ deviceReadBps: [{ path: "/dev/nothing", rate: 1 }] })).toThrow(NotFoundError);
    expect(() => cgroupLimits({ deviceReadBps: [{ path: "/dev/null", rate: 1 }] })).toThrow(
      "not a block device",
    );
    expect(() => cgroupLimits({ deviceReadBps: [{ path: "/etc", rate: 1 }] })).toThrow("not a device node");
  });
});

describe("device rules", () => {
  const host = (resources: Resources, privileged = false) => ({ resources, privileged }) as HostConfig;

  test("a privileged container may use everything", () => {
    expect(deviceRules(host({}, true))).toEqual([{ kind: "a", access: "rwm" }]);
  });

  test("mapped devices and rules come on top of the usual ones", () => {
    const devices = [{ hostPath: "/dev/full", containerPath: "/dev/x", permissions: "r" }];
    const rules = deviceRules(host({ devices, deviceCgroupRules: ["b 8:* rw"] }));
    expect(rules.slice(-2)).toEqual([
      { kind: "c", major: 1, minor: 7, access: "r" },
      { kind: "b", major: 8, minor: undefined, access: "rw" },
    ]);
    expect(rules).toContainEqual({ kind: "c", major: 1, minor: 3, access: "rwm" });
  });
});

test("an unknown ulimit is refused", () => {
  expect(() => askedRlimits({ ulimits: [{ name: "bogus", soft: 1, hard: 1 }] })).toThrow(
    "invalid ulimit type: bogus",
  );
});
