/** Limits, counters and errors on folders of plain files, for both versions of the interface. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UnsupportedError } from "../../../../src/errors.ts";
import { ContainerCgroup } from "../../../../src/kernel/cgroup/container-cgroup.ts";
import { applyLimit } from "../../../../src/kernel/cgroup/control-file.ts";
import type { Hierarchy } from "../../../../src/kernel/cgroup/layout.ts";
import { CgroupManager } from "../../../../src/kernel/cgroup/manager.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const MB = 1024 * 1024;

/** A cgroup's directory with these files, on version 2 or as one hierarchy of version 1. */
function folder(root: string, hierarchy: Omit<Hierarchy, "root">, files: Record<string, string>) {
  const path = join(root, hierarchy.controllers[0] ?? "unified");
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, hierarchy: { root, ...hierarchy } };
}

test("version 2: limits go into the files, statistics come out of them", () => {
  using dir = tempDir("cgroup");
  const directory = folder(
    dir.path,
    { version: 2, controllers: ["cpu", "memory", "pids", "io"] },
    {
      "memory.max": "",
      "memory.current": "1000\n",
      "memory.peak": "2000\n",
      "memory.events": "low 0\nmax 7\noom 2\noom_kill 1\n",
      "memory.stat": "anon 5\ninactive_file 300\n",
      "cpu.stat":
        "usage_usec 70\nuser_usec 40\nsystem_usec 30\nnr_periods 9\nnr_throttled 3\nthrottled_usec 11\n",
      "pids.current": "4\n",
      "pids.max": "max\n",
      "io.stat":
        "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n",
    },
  );
  const cgroup = new ContainerCgroup("x", [directory]);

  const warnings = cgroup.applyLimits({ memoryBytes: 8 * MB, memorySwapBytes: 16 * MB });

  expect(readFileSync(join(directory.path, "memory.max"), "utf8")).toBe(String(8 * MB));
  expect(warnings).toEqual([
    "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
  ]);
  expect(cgroup.oomKills()).toBe(1);
  expect(cgroup.stats()).toEqual({
    memory: {
      currentBytes: 1000,
      peakBytes: 2000,
      limitBytes: 8 * MB,
      inactiveFileBytes: 300,
      oomKills: 1,
    },
    cpu: {
      usageMicros: 70,
      userMicros: 40,
      systemMicros: 30,
      periods: 9,
      throttledPeriods: 3,
      throttledMicros: 11,
    },
    pids: { current: 4, limit: undefined },
    io: { readBytes: 15, writeBytes: 20, reads: 2, writes: 2 },
  });
});

test("version 1: statistics come from several hierarchies, in version 2's units", () => {
  using dir = tempDir("cgroup");
  const v1 = (controllers: Hierarchy["controllers"], files: Record<string, string>) =>
    folder(dir.path, { version: 1, controllers }, files);
  const cgroup = new ContainerCgroup("x", [
    v1(["cpu"], { "cpu.stat": "nr_periods 9\nnr_throttled 3\nthrottled_time 11000\n" }),
    v1(["cpuacct"], { "cpuacct.usage": "70000\n", "cpuacct.stat": "user 4\nsystem 3\n" }),
    v1(["memory"], {
      "memory.usage_in_bytes": "1000\n",
      "memory.max_usage_in_bytes": "2000\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.stat": "inactive_file 1\ntotal_inactive_file 300\n",
      "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    }),
    v1(["io"], {
      "blkio.throttle.io_service_bytes": "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n",
      "blkio.throttle.io_serviced": "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n",
    }),
  ]);

  expect(cgroup.stats()).toEqual({
    memory: {
      currentBytes: 1000,
      peakBytes: 2000,
      limitBytes: undefined,
      inactiveFileBytes: 300,
      oomKills: 2,
    },
    cpu: {
      usageMicros: 70,
      userMicros: 40_000,
      systemMicros: 30_000,
      periods: 9,
      throttledPeriods: 3,
      throttledMicros: 11,
    },
    io: { readBytes: 10, writeBytes: 20, reads: 1, writes: 2 },
  });
  expect(cgroup.joinPaths).toEqual(
    ["cpu", "cpuacct", "memory", "io"].map((name) => join(dir.path, name, "tasks")),
  );
});

test("every verb on a cgroup that is gone does nothing, and its statistics are empty", () => {
  using dir = tempDir("cgroup");
  const hierarchy = { version: 2, root: dir.path, controllers: ["memory", "pids", "io"] } as const;
  const cgroup = new ContainerCgroup("x", [{ path: join(dir.path, "gone"), hierarchy }]);

  cgroup.thaw();
  cgroup.kill();
  cgroup.remove();
  expect([cgroup.procs(), cgroup.isFrozen(), cgroup.oomKills(), cgroup.stats()]).toEqual([[], false, 0, {}]);
});

test("a limit whose file this kernel lacks is an error that names the controller and the remedy", () => {
  using dir = tempDir("cgroup");
  const write = {
    controller: "io",
    option: "--blkio-weight",
    choices: [
      { file: "io.bfq.weight", value: "10" },
      { file: "io.weight", value: "1" },
    ],
    remedy: "Load the bfq module",
  } as const;

  expect(() => applyLimit(dir.path, write)).toThrow(
    new UnsupportedError(
      "Cannot apply --blkio-weight: this kernel's io controller has no io.bfq.weight or io.weight",
      { hint: "Load the bfq module" },
    ),
  );
  writeFileSync(join(dir.path, "io.weight"), "");
  expect(applyLimit(dir.path, write)).toBeUndefined();
  expect(readFileSync(join(dir.path, "io.weight"), "utf8")).toBe("1");
});

test("a limit whose controller is missing is refused before anything is made", () => {
  using dir = tempDir("cgroup");
  const manager = new CgroupManager({
    v1: new Map(),
    unified: { root: dir.path, controllers: new Set(["cpu"]) },
  });

  const create = () => manager.create("x", { limits: { memoryBytes: 8 * MB }, devices: [] });

  expect(create).toThrow("Cannot apply --memory: the memory controller is not available");
  expect(create).toThrow(UnsupportedError);
  expect(manager.list()).toEqual([]);
});
