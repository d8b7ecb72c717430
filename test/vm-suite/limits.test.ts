/** Limits on pure cgroup v2: each is set by a flag and seen to work in the kernel's own counters. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { cgroup2Test } from "../support/machine.ts";

const CGROUPS = "/sys/fs/cgroup/mini-docker";

const cgroupFile = (id: string, name: string) => readFileSync(join(CGROUPS, id, name), "utf8").trim();

/** A `key value` line of a cgroup file. */
function counter(id: string, file: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, "m").exec(cgroupFile(id, file))?.[1] ?? Number.NaN);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !holds(); await Bun.sleep(50)) {
    if (performance.now() > end) throw new Error(`not within a minute: ${what}`);
  }
}

const start = (engine: TestEngine, image: string, script: string, ...flags: string[]) =>
  engine.ok("run", "-d", "--network", "none", ...flags, image, "sh", "-c", script);

cgroup2Test("--memory kills what grows over it, and the kernel counts the kill", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();
  const hog = "dd if=/dev/zero of=/dev/null bs=100M count=1; exec sleep 1000";

  const id = await start(
    engine,
    image,
    hog,
    "--memory",
    "40m",
    "--memory-swap",
    "40m",
    "--memory-reservation",
    "20m",
  );
  await until("the hog is killed", () => counter(id, "memory.events", "oom_kill") === 1);

  expect(cgroupFile(id, "memory.max")).toBe(String(40 * 2 ** 20));
  expect(cgroupFile(id, "memory.swap.max")).toBe("0");
  expect(cgroupFile(id, "memory.low")).toBe(String(20 * 2 ** 20));
});

cgroup2Test("a container killed for its memory exits with 137 and is reported with its limit", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const flags = ["--name", "hog", "--network", "none", "--memory", "40m", "--memory-swap", "40m"];
  const { exitCode, stderr } = await engine.run(
    "run",
    ...flags,
    image,
    "dd",
    "if=/dev/zero",
    "of=/dev/null",
    "bs=100M",
  );

  expect(exitCode).toBe(137);
  expect(stderr).toMatch(/memory/i);
  expect(stderr).toMatch(/40\s?m/i);
  expect(await engine.ok("inspect", "--format", "{{.State.OOMKilled}}", "hog")).toBe("true");
});

cgroup2Test("--cpus throttles, and the time used stays at its share", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const id = await start(engine, image, "while :; do :; done", "--cpus", "0.2", "--cpu-shares", "512");
  const used = () => counter(id, "cpu.stat", "usage_usec");
  const [startedAt, usedBefore] = [performance.now(), used()];
  await until("throttled 15 times", () => counter(id, "cpu.stat", "nr_throttled") >= 15);
  const share = (used() - usedBefore) / ((performance.now() - startedAt) * 1000);

  expect(cgroupFile(id, "cpu.max")).toBe("20000 100000");
  expect(Number(cgroupFile(id, "cpu.weight"))).toBeLessThan(100);
  expect(share).toBeLessThan(0.3);
});

cgroup2Test("--pids-limit stops forks at the limit", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const forks = "for i in $(seq 30); do sleep 1000 & done; wait";
  const id = await start(engine, image, forks, "--pids-limit", "10");
  await until("a fork is refused", () => counter(id, "pids.events", "max") > 0);

  expect(cgroupFile(id, "pids.max")).toBe("10");
  expect(Number(cgroupFile(id, "pids.current"))).toBeLessThanOrEqual(10);
});

cgroup2Test("--cpuset-cpus leaves one CPU", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const id = await start(engine, image, "exec sleep 1000", "--cpuset-cpus", "1");

  expect(cgroupFile(id, "cpuset.cpus.effective")).toBe("1");
  expect(await engine.ok("exec", id, "nproc")).toBe("1");
});

cgroup2Test("--device-write-bps slows writing to the device", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();
  const write = "dd if=/dev/zero of=/file bs=1M count=3 conv=fsync";

  const startedAt = performance.now();
  const id = await start(engine, image, `${write}; exec sleep 1000`, "--device-write-bps", "/dev/vda:1mb");
  await until("the file is written", () => /wbytes=(?!0)\d{7}/.test(cgroupFile(id, "io.stat")));
  const seconds = (performance.now() - startedAt) / 1000;

  expect(cgroupFile(id, "io.max")).toContain("wbps=1048576");
  expect(seconds).toBeGreaterThan(0.8);
});

cgroup2Test(
  "devices are refused but for the usual ones, those of --device and of --device-cgroup-rule",
  async () => {
    await using engine = await openTestEngine();
    const image = await engine.loadBusybox();
    const [major, minor] = readFileSync("/sys/block/vda/dev", "utf8").trim().split(":");
    const node = `mknod /tmp/disk b ${major} ${minor}`;
    const read = "dd if=/tmp/disk of=/dev/null bs=512 count=1 2>&1";
    const run = (script: string, ...flags: string[]) =>
      engine.run("run", "--rm", "--network", "none", ...flags, image, "sh", "-c", script);

    expect((await run("cat /dev/null && head -c 4 /dev/urandom | wc -c")).stdout.trim()).toBe("4");
    const refused = await run(`${node} && ${read}`);
    expect(refused.stdout).toContain("Operation not permitted");
    expect((await run(`${node} && ${read}`, "--device-cgroup-rule", `b ${major}:* rm`)).exitCode).toBe(0);
    const device = ["--device", "/dev/vda:/dev/disk:r"];
    expect((await run("dd if=/dev/disk of=/dev/null bs=512 count=1", ...device)).exitCode).toBe(0);
    expect((await run("dd if=/dev/zero of=/dev/disk bs=512 count=0 2>&1", ...device)).stdout).toContain(
      "not permitted",
    );
  },
);

cgroup2Test("pause freezes the cgroup, and a paused container can be removed by force", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const id = await start(engine, image, "exec sleep 1000");
  await engine.ok("pause", id);
  expect(counter(id, "cgroup.events", "frozen")).toBe(1);
  expect(await engine.ok("inspect", "--format", "{{.State.Status}}", id)).toBe("paused");
  await engine.ok("unpause", id);
  expect(counter(id, "cgroup.events", "frozen")).toBe(0);
  await engine.ok("pause", id);
  await engine.ok("rm", "-f", id);

  expect(() => cgroupFile(id, "cgroup.procs")).toThrow("ENOENT");
});

cgroup2Test("a limit that cannot be is one clear line, and nothing is left", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const { exitCode, stderr } = await engine.run("run", "--name", "box", "--cpuset-cpus", "99", image, "true");

  expect(exitCode).toBe(125);
  expect(stderr).toMatch(/99/);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(
    (await engine.run("run", "--rm", "--name", "box", "--network", "none", image, "true")).exitCode,
  ).toBe(0);
});

cgroup2Test("the container sees its own cgroup as the root, and may not write to it", async () => {
  await using engine = await openTestEngine();
  const image = await engine.loadBusybox();

  const script =
    "cat /proc/self/cgroup; cat /sys/fs/cgroup/memory.max; echo 1 > /sys/fs/cgroup/pids.max; echo $?";
  const flags = ["--rm", "--network", "none", "--memory", "64m"];
  const { stdout } = await engine.run("run", ...flags, image, "sh", "-c", script);

  expect(stdout.split("\n").slice(0, 3)).toEqual(["0::/", String(64 * 2 ** 20), "1"]);
});
