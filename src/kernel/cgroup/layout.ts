import { readFileSync } from "node:fs";
import { UnsupportedError } from "../../errors.ts";

/** cgroup version 1 binds a controller to a hierarchy of its own; version 2 has one hierarchy for all. */
export type CgroupVersion = 1 | 2;

/**
 * The controllers that matter here, by version 2's names ("io" is "blkio" on version 1). cpuacct, devices and freezer
 * are controllers on version 1 alone; version 2 has their work built in.
 */
export const CONTROLLERS = [
  "cpu",
  "cpuacct",
  "cpuset",
  "memory",
  "devices",
  "freezer",
  "io",
  "pids",
] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Where the kernel has which controller on this machine: all on version 2, all on version 1, or some on each. */
export interface CgroupLayout {
  /** The mount point of cgroup2 and the controllers it can hand out, by the kernel's names. */
  readonly unified?: { readonly root: string; readonly controllers: ReadonlySet<string> };
  /** The version 1 hierarchies' mount points by controller; controllers that are bound together share one. */
  readonly v1: ReadonlyMap<Controller, string>;
  /** systemd's own hierarchy on version 1: no controllers, but what a session's end kills is found through it. */
  readonly systemd?: string;
}

/** One hierarchy of a layout, with the controllers that are used there. */
export interface Hierarchy {
  readonly version: CgroupVersion;
  readonly root: string;
  readonly controllers: readonly Controller[];
}

/** Version 2's controllers that are enabled for containers. */
const UNIFIED_CONTROLLERS: readonly Controller[] = ["cpu", "cpuset", "memory", "io", "pids"];

/**
 * Finds the cgroup hierarchies that are mounted.
 *
 * @throws {UnsupportedError} when there is none
 * @see cgroups(7)
 */
export function detectLayout(): CgroupLayout {
  const layout = parseLayout(readFileSync("/proc/self/mountinfo", "utf8"), (root) =>
    readFileSync(`${root}/cgroup.controllers`, "utf8"),
  );
  if (layout.unified || layout.v1.size > 0) return layout;
  throw new UnsupportedError("Cannot limit or trace containers: no cgroup file system is mounted", {
    hint: "Mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup",
  });
}

/**
 * Reads a layout out of /proc/PID/mountinfo.
 *
 * @param readControllers gives the text of cgroup.controllers at a cgroup2 mount point
 * @see proc_pid_mountinfo(5)
 */
export function parseLayout(mountinfo: string, readControllers: (root: string) => string): CgroupLayout {
  const v1 = new Map<Controller, string>();
  let unifiedRoot: string | undefined;
  let systemd: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const [mount, source] = line.split(" - ");
    const [type, , options] = source?.split(" ") ?? [];
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const mountPoint = unescapeOctal(mount!.split(" ")[4]!);
    if (type === "cgroup2") {
      unifiedRoot ??= mountPoint;
      continue;
    }
    for (const option of options?.split(",") ?? []) {
      const controller = option === "blkio" ? "io" : (option as Controller);
      if (option === "name=systemd") systemd ??= mountPoint;
      else if (CONTROLLERS.includes(controller) && !v1.has(controller)) v1.set(controller, mountPoint);
    }
  }
  const unified = unifiedRoot && {
    root: unifiedRoot,
    controllers: new Set(readControllers(unifiedRoot).split(/\s+/).filter(Boolean)),
  };
  return { v1, ...(unified && { unified }), ...(systemd && { systemd }) };
}

/** Which version has a controller here; `undefined` when none has it. */
export function controllerVersion(layout: CgroupLayout, controller: Controller): CgroupVersion | undefined {
  if (layout.v1.has(controller)) return 1;
  return layout.unified?.controllers.has(controller) ? 2 : undefined;
}

/**
 * The hierarchies in which a container gets a cgroup, cgroup2 first.
 *
 * cgroup2 is used wherever it is mounted, even with no controller: a process can be born into a cgroup there, killed
 * with all its kin by one write, and frozen so that SIGKILL still works. Version 1's freezer, in which it does not, is
 * used without cgroup2 only.
 */
export function hierarchies(layout: CgroupLayout): Hierarchy[] {
  const list: Hierarchy[] = [];
  const { unified } = layout;
  if (unified) {
    const controllers = UNIFIED_CONTROLLERS.filter((name) => controllerVersion(layout, name) === 2);
    list.push({ version: 2, root: unified.root, controllers });
  }
  const byRoot = new Map<string, Controller[]>();
  for (const [controller, root] of layout.v1) {
    if (controller === "freezer" && unified) continue;
    byRoot.set(root, [...(byRoot.get(root) ?? []), controller]);
  }
  for (const [root, controllers] of byRoot) list.push({ version: 1, root, controllers });
  return list;
}

/** Octal escapes stand for the bytes that would break the table apart: `\040` for a space. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
