/** Real cgroups for tests, below a parent of their own that goes away with the test. */
import { writeFileSync } from "node:fs";
import type { ContainerCgroup } from "../../src/kernel/cgroup/container-cgroup.ts";
import { type CgroupLayout, detectLayout } from "../../src/kernel/cgroup/layout.ts";
import { CgroupManager } from "../../src/kernel/cgroup/manager.ts";

let count = 0;

/** A manager whose cgroups are all killed and removed at the end of the scope. */
export function testCgroups(layout: CgroupLayout = detectLayout()) {
  const manager = new CgroupManager(layout, `mini-docker-test-${process.pid}-${count++}`);
  return {
    manager,
    [Symbol.dispose]() {
      for (const id of manager.list()) manager.open(id).remove();
      manager.removeParents();
    },
  };
}

/** Runs a shell script whose every step is inside the cgroup. Killed at the end of the scope. */
export function runInside(cgroup: ContainerCgroup, script: string) {
  const child = Bun.spawn(["sh", "-c", `read -r go\n${script}`], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  for (const { path } of cgroup.directories) writeFileSync(`${path}/cgroup.procs`, String(child.pid));
  child.stdin.write("go\n");
  child.stdin.end();
  return child;
}

/** What a script inside the cgroup printed, and how it ended. */
export async function outputInside(cgroup: ContainerCgroup, script: string) {
  const child = runInside(cgroup, script);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return {
    stdout: stdout.trim(),
    stderr: stderr.trim(),
    exitCode: await child.exited,
    signal: child.signalCode,
  };
}
