/** Rough treatment, by numbers: the full ones for `npm run stress`, small ones for every test run. */
import { expect } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { TestEngine } from "../support/engine.ts";

const IMAGE = "busybox:test";

/** A generator of numbers in [0, 1) that a printed seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Repeats a failure: STRESS_SEED=n npm run stress. */
function openRandom(what: string): () => number {
  const seed = Number(process.env.STRESS_SEED ?? Date.now() % 1_000_000);
  console.log(`${what}: STRESS_SEED=${seed}`);
  return randomFrom(seed);
}

/** Starts `count` containers `atOnce` at a time, checks that each is its own, and removes all in one command. */
export async function manyContainers(engine: TestEngine, count: number, atOnce: number): Promise<void> {
  await engine.loadBusybox(IMAGE);
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      await engine.ok("run", "-d", "--name", name, IMAGE, "sleep", "100000");
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));

  const running = (await engine.ok("ps", "--format", "{{.Names}}")).split("\n");
  const inspected = await engine.ok(
    "inspect",
    "--format",
    "{{.NetworkSettings.IPAddress}} {{.State.Pid}}",
    ...names,
  );
  const lines = inspected.split("\n").map((line) => line.split(" "));
  expect(running.toSorted()).toEqual(names.toSorted());
  expect(new Set(lines.map(([address]) => address)).size).toBe(count);
  expect(new Set(lines.map(([, pid]) => pid)).size).toBe(count);

  await engine.ok("rm", "-f", ...names);
  expect(await engine.ok("ps", "-aq")).toBe("");
  expect(await engine.leftovers()).toEqual([]);
}

/** What is left that does not belong to a container which `ps -a` shows; `ps -a` is the one later command. */
async function strangers(engine: TestEngine): Promise<string[]> {
  const ids = (await engine.ok("ps", "-aq", "--no-trunc")).split("\n").filter(Boolean);
  const own = (line: string) =>
    ids.some((id) => line.includes(id) || line.includes(`link md${id.slice(0, 10)}`));
  const left = await engine.leftovers((line) => !own(line));
  if (ids.length > 0) await engine.ok("rm", "-f", ...ids);
  return left;
}

/** Waits without yielding: a timer is too coarse for a command of ten milliseconds. */
function spin(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

/**
 * Kills the command at `kills` random moments of `run --rm`, and asks after every tenth whether anything is left.
 *
 * @param flags of `run`, such as the network's
 */
export async function killedCommands(
  engine: TestEngine,
  kills: number,
  flags: readonly string[],
): Promise<void> {
  await engine.loadBusybox(IMAGE);
  const random = openRandom("killed commands");
  const argv = engine.argv("run", "--rm", ...flags, IMAGE, "sh", "-c", "echo x > /file");
  const run = () => Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"] });
  const startedAt = performance.now();
  expect(await run().exited).toBe(0);
  const longestMs = (performance.now() - startedAt) * 1.2;

  for (let done = 1; done <= kills; done++) {
    const child = run();
    spin(random() * longestMs);
    child.kill("SIGKILL");
    await child.exited;
    if (done % 10 === 0 || done === kills) expect(await strangers(engine)).toEqual([]);
  }
}

/** Shims run from a sealed memfd in the engine's network namespace; containers do not share that. */
function shims(networkNamespace: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const isShim = readlinkSync(`/proc/${name}/exe`).startsWith("/memfd:mini-docker-shim");
      return isShim && readlinkSync(`/proc/${name}/ns/net`) === networkNamespace ? [Number(name)] : [];
    } catch {
      return []; // Not a process, or one that has ended.
    }
  });
}

/** Kills the shim of `kills` containers at random moments of their lives, from the birth on. */
export async function killedShims(engine: TestEngine, kills: number): Promise<void> {
  await engine.loadBusybox(IMAGE);
  const random = openRandom("killed shims");
  const network = engine.sh("readlink /proc/self/ns/net").trim();
  let killed = 0;
  for (let tries = 0; killed < kills && tries < kills * 4; tries++) {
    const child = Bun.spawn(engine.argv("run", "--rm", IMAGE, "sh", "-c", "echo x > /file; sleep 0.02"), {
      stdio: ["ignore", "ignore", "ignore"],
    });
    let found = shims(network);
    for (const end = performance.now() + 5000; found.length === 0 && performance.now() < end;) {
      if (child.exitCode !== null) break;
      await Bun.sleep(1);
      found = shims(network);
    }
    spin(random() * 30);
    for (const pid of found) {
      try {
        process.kill(pid, "SIGKILL");
        killed++;
      } catch {
        // It ended first.
      }
    }
    await child.exited;
    expect(await strangers(engine)).toEqual([]);
  }
  expect(killed).toBeGreaterThanOrEqual(kills);
}
