/** Cgroups on pure cgroup v2, asserted from the kernel's own files; no container engine is involved. */
import { expect } from "bun:test";
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConflictError, UnsupportedError } from "../../src/errors.ts";
import { DEFAULT_DEVICE_RULES } from "../../src/kernel/bpf/device-rule.ts";
import { detectLayout } from "../../src/kernel/cgroup/layout.ts";
import { splitDeviceNumber } from "../../src/kernel/device-node.ts";
import { outputInside, runInside, testCgroups } from "../support/cgroup.ts";
import { cgroup2Test } from "../support/machine.ts";

const MB = 1024 * 1024;
const ID = "b".repeat(64);

cgroup2Test("every limit is in the kernel's files before a process joins", () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, {
    limits: {
      memoryBytes: 64 * MB,
      memorySwapBytes: 96 * MB,
      memoryReservationBytes: 32 * MB,
      cpuQuotaMicros: 50_000,
      cpuPeriodMicros: 100_000,
      cpuShares: 512,
      cpusetCpus: "1",
      cpusetMems: "0",
      pidsMax: 20,
    },
    devices: DEFAULT_DEVICE_RULES,
  });
  const file = (name: string) => readFileSync(join(made.cgroup.unified!, name), "utf8").trim();

  const names = [
    "memory.max",
    "memory.swap.max",
    "memory.low",
    "cpu.max",
    "cpu.weight",
    "cpuset.cpus",
    "pids.max",
  ];
  expect(names.map(file)).toEqual([
    String(64 * MB),
    String(32 * MB),
    String(32 * MB),
    "50000 100000",
    "20",
    "1",
    "20",
  ]);
  expect([made.joinPaths, made.warnings, file("cgroup.procs")]).toEqual([[], [], ""]);
});

cgroup2Test("writes to a throttled disk take the time that the limit makes them take", async () => {
  using cgroups = testCgroups();
  const { major, minor } = splitDeviceNumber(BigInt(statSync("/dev/vda").rdev));
  const limits = { ioThrottles: [{ major, minor, writeBytes: MB }] };
  using made = cgroups.manager.create(ID, { limits, devices: DEFAULT_DEVICE_RULES });

  const start = performance.now();
  const write = "dd if=/dev/zero of=/tmp/throttled bs=512k count=4 oflag=direct && rm /tmp/throttled";
  const { exitCode } = await outputInside(made.cgroup, write);

  expect(exitCode).toBe(0);
  expect(readFileSync(join(made.cgroup.unified!, "io.max"), "utf8")).toContain(
    `${major}:${minor} rbps=max wbps=${MB}`,
  );
  expect(performance.now() - start).toBeGreaterThan(1000);
  expect(made.cgroup.stats().io?.writeBytes).toBeGreaterThanOrEqual(2 * MB);
});

cgroup2Test("the device filter holds for cgroups below as well", async () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: {}, devices: DEFAULT_DEVICE_RULES });
  const below = join(made.cgroup.unified!, "below");
  mkdirSync(below);

  const script = `echo 0 > ${below}/cgroup.procs; : < /dev/full && echo opened; cat /dev/kmsg`;
  const { stdout, stderr } = await outputInside(made.cgroup, script);

  expect(stdout).toBe("opened");
  expect(stderr).toContain("Operation not permitted");
});

cgroup2Test(
  "a process in the parent keeps its controllers off: a limit says so and how to help it",
  async () => {
    using cgroups = testCgroups();
    const { manager } = cgroups;
    const { root } = detectLayout().unified!;
    const parent = join(root, manager.open("x").unified!.split("/").at(-2)!);
    mkdirSync(parent);
    const child = Bun.spawn(["sleep", "1000"]);
    writeFileSync(join(parent, "cgroup.procs"), String(child.pid));

    const limited = () =>
      manager.create(ID, { limits: { memoryBytes: 16 * MB }, devices: DEFAULT_DEVICE_RULES });
    expect(limited).toThrow(UnsupportedError);
    expect(limited).toThrow(`processes live in that cgroup itself (${child.pid})`);
    expect(manager.list()).toEqual([]);

    using made = manager.create(ID, { limits: {}, devices: DEFAULT_DEVICE_RULES });
    expect(made.warnings.length).toBeGreaterThan(0);
    made.cgroup.remove();

    child.kill("SIGKILL");
    await child.exited;
    using limitedNow = manager.create(ID, {
      limits: { memoryBytes: 16 * MB },
      devices: DEFAULT_DEVICE_RULES,
    });
    expect(limitedNow.cgroup.stats().memory?.limitBytes).toBe(16 * MB);
  },
);

cgroup2Test("a controller that the parents do not hand down is named with the remedy", () => {
  const { root } = detectLayout().unified!;
  const bare = join(root, `mini-docker-test-bare-${process.pid}`);
  mkdirSync(bare);
  try {
    using cgroups = testCgroups({ v1: new Map(), unified: { root: bare, controllers: new Set() } });
    const limits = { memoryBytes: 16 * MB };
    const create = () => cgroups.manager.create(ID, { limits, devices: DEFAULT_DEVICE_RULES });
    expect(create).toThrow("Cannot apply --memory: the memory controller is not available");
  } finally {
    rmdirSync(bare);
  }
});

cgroup2Test("a process in the cgroup sees itself there, and the descriptor for clone is open", async () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: { pidsMax: 5 }, devices: DEFAULT_DEVICE_RULES });
  expect(made.unifiedFd?.fd).toBeGreaterThan(2);

  const { stdout } = await outputInside(made.cgroup, "cat /proc/self/cgroup");

  expect(stdout).toBe(`0::${made.cgroup.unified!.replace(/^\/sys\/fs\/cgroup/, "")}`);
});

cgroup2Test("a second start of a living container leaves its cgroup as it was", () => {
  using cgroups = testCgroups();
  using made = cgroups.manager.create(ID, { limits: { pidsMax: 5 }, devices: DEFAULT_DEVICE_RULES });
  const child = runInside(made.cgroup, "exec sleep 1000");

  const again = () => cgroups.manager.create(ID, { limits: { pidsMax: 9 }, devices: DEFAULT_DEVICE_RULES });

  expect(again).toThrow(ConflictError);
  expect(made.cgroup.stats().pids).toEqual({ current: 1, limit: 5 });
  expect(made.cgroup.procs()).toEqual([child.pid]);
});
