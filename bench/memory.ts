/** What stays in memory for one running detached container: the monitor's proportional set size. */
import { readdirSync, readFileSync } from "node:fs";
import { type Engine, IMAGE, must, startEngines } from "./support/contenders.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const folder = enterPrivateNamespaces();
const COUNT = 10;
/** Lines to write before measuring: what a monitor keeps must not grow with the output. */
const LINES = Number(process.env.LINES ?? 100_000);

interface Process {
  readonly pid: number;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${Number(name)}/cmdline`, "utf8")
        .replaceAll("\0", " ")
        .trim();
      return command === "" ? [] : [{ pid: Number(name), command }];
    } catch {
      return []; // Not a process, or one that has ended.
    }
  });
}

function pssKib(pid: number): number {
  return Number(
    /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? Number.NaN,
  );
}

/** Starts containers and returns what they added, without their own processes. */
async function measure(engine: Engine): Promise<void> {
  const before = new Set(processes().map(({ pid }) => pid));
  const script = `yes 'a line of output' | head -n ${LINES}; exec sleep 100000`;
  for (let index = 0; index < COUNT; index++) {
    must(
      engine.argv("run", "-d", "--name", `bench-${index}`, "--network", "none", IMAGE, "sh", "-c", script),
    );
  }
  while (processes().filter(({ command }) => command === "sleep 100000").length < COUNT) await Bun.sleep(100);
  const monitors = processes().filter(({ pid, command }) => !before.has(pid) && command !== "sleep 100000");
  const total = monitors.reduce((sum, { pid }) => sum + pssKib(pid), 0);
  const name = monitors[0]?.command.split(" ")[0] ?? "none";
  console.log(
    `  ${engine.name.padEnd(12)} ${(total / COUNT).toFixed(0).padStart(7)} KiB  ${monitors.length} × ${name}`,
  );
  must(engine.argv("rm", "-f", ...Array.from({ length: COUNT }, (_, index) => `bench-${index}`)));
}

console.log(`\nPSS of the monitor for each of ${COUNT} running containers, after ${LINES} lines of output`);
for (const engine of await startEngines(folder)) await measure(engine);
