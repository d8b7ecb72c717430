/**
 * What an engine may not leave behind, read from the kernel: processes, mounts, cgroups, links.
 *
 * An engine's own processes are known by what they hold (an open file, a mount, a folder below its roots), not by
 * their name, so a process that should have gone is found whatever it is.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";

const unlessGone = <Value>(read: () => Value, gone: Value): Value => {
  try {
    return read(); // A process may end between any two reads; then it is no leftover.
  } catch {
    return gone;
  }
};

/** Processes, other than `except`, that hold anything below one of `roots`, as "PID COMMAND: what". */
export function processesHolding(
  roots: readonly string[],
  except: ReadonlySet<number> = new Set(),
): string[] {
  const found: string[] = [];
  const inRoots = (text: string) => roots.some((root) => text.includes(root));
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || except.has(pid)) continue;
    const dir = `/proc/${pid}`;
    const held =
      unlessGone(() => readdirSync(`${dir}/fd`), [])
        .map((fd) => unlessGone(() => readlinkSync(`${dir}/fd/${fd}`), ""))
        .find(inRoots) ??
      [unlessGone(() => readlinkSync(`${dir}/cwd`), "")].find(inRoots) ??
      unlessGone(() => readFileSync(`${dir}/mountinfo`, "utf8"), "")
        .split("\n")
        .find(inRoots);
    if (held === undefined) continue;
    const command = unlessGone(() => readFileSync(`${dir}/cmdline`, "utf8").replaceAll("\0", " ").trim(), "");
    const status = unlessGone(() => readFileSync(`${dir}/status`, "utf8"), "");
    if (command !== "" || !/^State:\tZ/m.test(status)) found.push(`${pid} ${command}: ${held}`);
  }
  return found;
}

/** The hierarchies' mount points: one on cgroup v2, one for each controller on v1. */
function hierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.flatMap((line) => {
    const [, target, type] = line.split(" ");
    return target?.startsWith(CGROUP_ROOT) && (type === "cgroup" || type === "cgroup2") ? [target] : [];
  });
}

/** The cgroup that all shims share: it stays, as its parent does. */
const SHIMS = "shim";

/** Folders of containers in every cgroup hierarchy. */
export function containerCgroups(): Set<string> {
  const found = new Set<string>();
  for (const hierarchy of hierarchies()) {
    const parent = join(hierarchy, "mini-docker");
    for (const entry of unlessGone(() => readdirSync(parent, { withFileTypes: true }), [])) {
      if (entry.isDirectory() && entry.name !== SHIMS) found.add(join(parent, entry.name));
    }
  }
  return found;
}

/** Whether no process is in a cgroup or below it. */
export function isEmptyCgroup(path: string): boolean {
  const own = unlessGone(() => readFileSync(join(path, "cgroup.procs"), "utf8").trim() === "", false);
  const children = unlessGone(() => readdirSync(path, { withFileTypes: true }), []);
  return (
    own &&
    children.filter((child) => child.isDirectory()).every((child) => isEmptyCgroup(join(path, child.name)))
  );
}

/**
 * Waits until `leftovers` finds nothing, for at most `timeoutMs`; returns what is still there.
 *
 * The kernel takes down a network namespace and its links some time after its last process.
 */
export async function untilNone(
  leftovers: () => readonly string[],
  timeoutMs = 3000,
): Promise<readonly string[]> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = leftovers();
    if (found.length === 0 || performance.now() > end) return found;
    await Bun.sleep(50);
  }
}
