/** Cgroups by this machine's kernel, whichever version has its controllers. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConflictError } from "../../../src/errors.ts";
import { DEFAULT_DEVICE_RULES } from "../../../src/kernel/bpf/device-rule.ts";
import { detectLayout } from "../../../src/kernel/cgroup/layout.ts";
import { outputInside, runInside, testCgroups } from "../../support/cgroup.ts";
import { isRoot, rootTest, testUnless } from "../../support/machine.ts";

const MB = 1024 * 1024;
const ID = "a".repeat(64);
const ALL_DEVICES = [{ kind: "a", access: "rwm" }] as const;
const SLEEP = "exec sleep 1000";

const v1FreezerTest = testUnless(
  isRoot && detectLayout().v1.has("freezer") ? undefined : "needs root and cgroup v1's freezer",
  true,
);

rootTest("a cgroup has its limits before any process joins, and leaves nothing when it is removed", () => {
  using cgroups = testCgroups();
  const limits = { memoryBytes: 32 * MB, memorySwapBytes: 32 * MB, pidsMax: 7 };
  using made = cgroups.manager.create(ID, { limits, devices: ALL_DEVICES });

  const { memory, pids } = made.cgroup.stats();
  expect([memory?.limitBytes, pids]).toEqual([32 * MB, { current: 0, limit: 7 }]);
  expect(cgroups.manager.list()).toEqual([ID]);

  made.cgroup.remove();
  made.cgroup.remove();
  expect(cgroups.manager.list()).toEqual([]);
  expect(made.cgroup.directories.filter(({ path }) => existsSync(path))).toEqual([]);
});

rootTest("the kernel kills what outgrows its memory, and the kill is counted", async () => {
  using cgroups = testCgroups();
  const limits = { memoryBytes: 24 * MB, memorySwapBytes: 24 * MB };
  using made = cgroups.manager.create(ID, { limits, devices: ALL_DEVICES });

  const { signal } = await outputInside(made.cgroup, "exec dd if=/dev/zero of=/dev/null bs=100M count=1");

  expect(signal).toBe("SIGKILL");
  expect(made.cgroup.oomKills()).toBe(1);
  expect(made.cgroup.stats().memory?.oomKills).toBe(1);
});

rootTest("no more processes can be started than the limit allows", async () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: { pidsMax: 3 }, devices: ALL_DEVICES });

  const forks = "for i in 1 2 3 4 5 6; do sleep 1000 > /dev/null 2>&1 & done";
  const { stderr } = await outputInside(made.cgroup, forks);

  expect(stderr.toLowerCase()).toContain("fork");
  expect(made.cgroup.stats().pids?.current).toBeLessThanOrEqual(3);
});

rootTest("a process that wants more CPU than its quota is throttled, on the CPU it may use", async () => {
  using cgroups = testCgroups();
  const limits = { cpuQuotaMicros: 10_000, cpuPeriodMicros: 100_000, cpusetCpus: "0" };
  using made = cgroups.manager.create(ID, { limits, devices: ALL_DEVICES });

  const busy = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exec nproc";
  const { stdout } = await outputInside(made.cgroup, busy);

  const { cpu } = made.cgroup.stats();
  expect(stdout).toBe("1");
  expect(cpu?.throttledPeriods).toBeGreaterThan(0);
  expect(cpu?.throttledMicros).toBeGreaterThan(0);
  expect(cpu?.usageMicros).toBeGreaterThan(0);
});

rootTest(
  "devices that no rule allows cannot be opened, nodes can be made, and a rule opens more",
  async () => {
    using cgroups = testCgroups();
    const script = [
      "for d in null zero full urandom tty kmsg; do (: < /dev/$d) 2>&1 | grep -o 'not permitted' | sed s/^/$d:/; done",
      "d=$(mktemp -d); mknod $d/sda b 8 0 && echo made; rm -r $d",
    ].join("\n");

    const inside = async (rules: Parameters<typeof cgroups.manager.create>[1]["devices"]) => {
      using made = cgroups.manager.create(ID, { limits: {}, devices: rules });
      const { stdout } = await outputInside(made.cgroup, script);
      made.cgroup.remove();
      return stdout.split("\n");
    };

    const KMSG = { kind: "c", major: 1, minor: 11, access: "r" } as const;
    expect(await inside(DEFAULT_DEVICE_RULES)).toEqual(["kmsg:not permitted", "made"]);
    expect(await inside([...DEFAULT_DEVICE_RULES, KMSG])).toEqual(["made"]);
    expect(await inside(ALL_DEVICES)).toEqual(["made"]);
  },
);

rootTest("a frozen process stands still until it is thawed, and can be killed meanwhile", async () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: {}, devices: ALL_DEVICES });
  const { cgroup } = made;
  const child = runInside(cgroup, "while :; do :; done");

  cgroup.freeze();
  const before = cpuTicks(child.pid);
  await Bun.sleep(60);
  expect(cpuTicks(child.pid)).toBe(before);
  expect([cgroup.isFrozen(), cgroup.procs()]).toEqual([true, [child.pid]]);

  cgroup.thaw();
  expect(cgroup.isFrozen()).toBe(false);
  cgroup.freeze();
  cgroup.kill();
  expect([await child.exited, child.signalCode, cgroup.procs()]).toEqual([137, "SIGKILL", []]);
});

v1FreezerTest(
  "version 1's freezer stops and releases, and a frozen process is thawed to be killed",
  async () => {
    const { v1 } = detectLayout();
    using cgroups = testCgroups({ v1 });
    using made = cgroups.manager.create(ID, { limits: {}, devices: DEFAULT_DEVICE_RULES });
    const { cgroup } = made;
    const child = runInside(cgroup, `sleep 1000 & ${SLEEP}`);

    expect(made.unifiedFd).toBeUndefined();
    cgroup.freeze();
    expect(cgroup.isFrozen()).toBe(true);
    cgroup.kill();
    expect([await child.exited, cgroup.procs()]).toEqual([137, []]);
    cgroup.remove();
    expect(cgroups.manager.list()).toEqual([]);
  },
);

rootTest("removing a cgroup kills what lives in it and in the cgroups below", async () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: {}, devices: ALL_DEVICES });
  const child = runInside(made.cgroup, SLEEP);
  for (const { path } of made.cgroup.directories)
    mkdirSync(join(path, "nested", "deeper"), { recursive: true });

  made.cgroup.remove();

  expect(await child.exited).toBe(137);
  expect(cgroups.manager.list()).toEqual([]);
});

rootTest("a cgroup that was left behind is made anew, one with processes is not touched", async () => {
  using cgroups = testCgroups();
  const { manager } = cgroups;
  manager.create(ID, { limits: { pidsMax: 5 }, devices: ALL_DEVICES })[Symbol.dispose]();

  using again = manager.create(ID, { limits: {}, devices: ALL_DEVICES });
  expect(again.cgroup.stats().pids?.limit).toBeUndefined();

  const child = runInside(again.cgroup, SLEEP);
  expect(() => manager.create(ID, { limits: {}, devices: ALL_DEVICES })).toThrow(ConflictError);
  expect(again.cgroup.procs()).toEqual([child.pid]);
});

rootTest("a value the kernel refuses is an error, and nothing is left", () => {
  using cgroups = testCgroups();
  const limits = { ioThrottles: [{ major: 250, minor: 77, readBytes: 1000 }] };

  expect(() => cgroups.manager.create(ID, { limits, devices: ALL_DEVICES })).toThrow("--device-read-bps");
  expect(cgroups.manager.list()).toEqual([]);
});

rootTest("limits of a living cgroup can be raised and lowered", () => {
  using cgroups = testCgroups();
  const limit = (size: number) => ({ memoryBytes: size * MB, memorySwapBytes: 2 * size * MB });
  using made = cgroups.manager.create(ID, { limits: limit(16), devices: ALL_DEVICES });

  for (const size of [64, 8, 32]) {
    made.cgroup.applyLimits(limit(size));
    expect(made.cgroup.stats().memory?.limitBytes).toBe(size * MB);
  }
});

rootTest("commands that start at the same time make the parents together", async () => {
  using cgroups = testCgroups();
  const fixture = join(import.meta.dir, "cgroup-create.fixture.ts");
  const parent = cgroups.manager.open("x").directories[0]!.path.split("/").at(-2)!;

  const children = Array.from({ length: 8 }, (_, index) =>
    Bun.spawn([process.execPath, fixture, parent, `${index}`.repeat(64)], {
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  const codes = await Promise.all(children.map((child) => child.exited));

  expect(codes).toEqual(Array(8).fill(0));
  expect(cgroups.manager.list().sort()).toEqual(
    Array.from({ length: 8 }, (_, index) => `${index}`.repeat(64)),
  );
});

rootTest("the monitors of a session's containers get a cgroup outside the session, others stay", async () => {
  using cgroups = testCgroups();
  using session = cgroups.manager.create("session", { limits: {}, devices: ALL_DEVICES });
  const fixture = join(import.meta.dir, "cgroup-shim.fixture.ts");
  const parent = cgroups.manager.open("x").directories[0]!.path.split("/").at(-2)!;

  const { stdout, stderr } = await outputInside(
    session.cgroup,
    `exec ${process.execPath} ${fixture} ${parent}`,
  );

  expect(stderr).toBe("");
  const { unified } = detectLayout();
  expect(JSON.parse(stdout)).toEqual(unified ? `${unified.root}/${parent}/shim` : null);
  expect(cgroups.manager.list()).toEqual(["session"]);
});

/** The user and system time of a process, in clock ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
