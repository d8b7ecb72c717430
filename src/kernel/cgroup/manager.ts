import { constants, mkdirSync, openSync, readFileSync } from "node:fs";
import { OwnedFd } from "../../../ffi/fd.ts";
import { type EngineError, UnsupportedError } from "../../errors.ts";
import { attachDeviceFilter } from "../bpf/device-filter.ts";
import { allowsAll, type DeviceRule, formatDeviceRule } from "../bpf/device-rule.ts";
import { ContainerCgroup } from "./container-cgroup.ts";
import { errorCode, writeControl, writeControlLines } from "./control-file.ts";
import { childNames, makeCgroup, removeTree } from "./hierarchy.ts";
import { type CgroupLayout, type Controller, detectLayout, hierarchies } from "./layout.ts";
import { type CgroupLimits, neededControllers } from "./limits.ts";

/** The cgroup below each hierarchy's root that holds all of mini-docker's. */
export const DEFAULT_PARENT = "mini-docker";
/** The monitors' cgroup below the parent. No container is called so: their names are 64 hex digits. */
const SHIM = "shim";

export interface CreateOptions {
  readonly limits: CgroupLimits;
  /** What may be used; anything else is denied. */
  readonly devices: readonly DeviceRule[];
}

/** A cgroup with its limits in force and no process yet. Closing it closes the descriptor, the cgroup stays. */
export class NewCgroup implements Disposable {
  readonly cgroup: ContainerCgroup;
  /** The directory on cgroup2, for CLONE_INTO_CGROUP; `undefined` where cgroup2 is not mounted. */
  readonly unifiedFd: OwnedFd | undefined;
  readonly warnings: readonly string[];

  constructor(cgroup: ContainerCgroup, unifiedFd: OwnedFd | undefined, warnings: readonly string[]) {
    this.cgroup = cgroup;
    this.unifiedFd = unifiedFd;
    this.warnings = warnings;
  }

  /** Version 1's files: write "0" to each from the process that joins. Empty on a machine with version 2 alone. */
  get joinPaths(): string[] {
    return this.cgroup.joinPaths;
  }

  [Symbol.dispose](): void {
    this.unifiedFd?.close();
  }
}

/** Where a monitor goes so that the end of the user's session does not end it. */
export interface ShimPlacement extends Disposable {
  /** For CLONE_INTO_CGROUP; `undefined` when the caller's place on cgroup2 is good already, or there is none. */
  readonly unifiedFd: OwnedFd | undefined;
  /** Version 1's files: write "0" from the monitor, or its pid. Seldom more than one, mostly none. */
  readonly joinPaths: readonly string[];
}

/**
 * Makes, finds and removes the cgroups of containers, wherever this kernel has its controllers.
 *
 * Every cgroup is `/PARENT/ID` in each hierarchy: it can be found from the container's ID alone. Safe against other
 * commands that do the same at the same time.
 */
export class CgroupManager {
  readonly layout: CgroupLayout;
  readonly #parent: string;

  constructor(layout: CgroupLayout, parent = DEFAULT_PARENT) {
    this.layout = layout;
    this.#parent = parent;
  }

  /**
   * Makes a container's cgroup with all its limits, before any process is in it.
   *
   * Every hierarchy is used, also without a limit there, for statistics and for limits that come later. After a
   * failure nothing is left.
   *
   * @throws {UnsupportedError} when a limit's controller is missing: names it and the remedy
   * @throws {ConflictError} when the kernel refuses a value, or a cgroup of that ID has processes
   */
  create(id: string, { limits, devices }: CreateOptions): NewCgroup {
    const cgroup = this.open(id);
    this.#requireControllers(cgroup, limits);
    using undo = new DisposableStack();
    const unavailable = new Map<Controller, EngineError>();
    for (const { hierarchy, path } of cgroup.directories) {
      const failures = makeCgroup(hierarchy, this.#parent, id);
      undo.defer(() => removeTree(path));
      for (const [controller, failure] of failures) unavailable.set(controller, failure);
    }
    const warnings = this.#warnUnavailable(limits, unavailable);
    warnings.push(...cgroup.applyLimits(limits));
    const unifiedFd = openUnified(cgroup.unified);
    if (unifiedFd) undo.use(unifiedFd);
    this.#restrictDevices(cgroup, devices, unifiedFd);
    undo.move();
    return new NewCgroup(cgroup, unifiedFd, warnings);
  }

  /** The cgroup of a container, whether it exists or not. */
  open(id: string): ContainerCgroup {
    const directories = hierarchies(this.layout).map((hierarchy) => ({
      hierarchy,
      path: `${hierarchy.root}/${this.#parent}/${id}`,
    }));
    return new ContainerCgroup(id, directories);
  }

  /** The IDs that have a cgroup in any hierarchy. */
  list(): string[] {
    const names = hierarchies(this.layout).flatMap(({ root }) => childNames(`${root}/${this.#parent}`));
    return [...new Set(names)].filter((name) => name !== SHIM);
  }

  /**
   * The place for a monitor: `/PARENT/shim` on cgroup2 and in systemd's hierarchy, whose sessions are killed by
   * cgroup. A caller that is in the root cgroup, or in the monitors' own, is in no session: its child stays there.
   *
   * Costs one read of /proc/self/cgroup; only where the caller is in a session, a mkdir and an open more.
   */
  shimPlacement(): ShimPlacement {
    const own = readFileSync("/proc/self/cgroup", "utf8").split("\n");
    const place = (prefix: RegExp) => own.find((line) => prefix.test(line))?.replace(prefix, "");
    const inSession = (path: string | undefined) =>
      path !== undefined && path !== "/" && path !== `/${this.#parent}/${SHIM}`;
    const { unified, systemd } = this.layout;
    const unifiedFd =
      unified && inSession(place(/^0::/)) ? openUnified(this.#makeShimCgroup(unified.root)) : undefined;
    const joinPaths =
      systemd && inSession(place(/^\d+:name=systemd:/))
        ? [`${this.#makeShimCgroup(systemd)}/cgroup.procs`]
        : [];
    return { unifiedFd, joinPaths, [Symbol.dispose]: () => unifiedFd?.close() };
  }

  /** Removes the parents too, where nothing lives in them any more: for uninstalling, and for tests. */
  removeParents(): void {
    const roots = hierarchies(this.layout).map(({ root }) => root);
    for (const root of [...roots, ...(this.layout.systemd ? [this.layout.systemd] : [])]) {
      try {
        removeTree(`${root}/${this.#parent}`);
      } catch (error) {
        if (errorCode(error) !== "EBUSY" && errorCode(error) !== "ENOTEMPTY") throw error;
      }
    }
  }

  #makeShimCgroup(root: string): string {
    const path = `${root}/${this.#parent}/${SHIM}`;
    mkdirSync(path, { recursive: true });
    return path;
  }

  #requireControllers(cgroup: ContainerCgroup, limits: CgroupLimits): void {
    for (const [controller, option] of neededControllers(limits)) {
      if (cgroup.find(controller)) continue;
      throw new UnsupportedError(`Cannot apply ${option}: the ${controller} controller is not available`, {
        hint: missingControllerRemedy(this.layout, controller),
      });
    }
  }

  /** A controller that cannot be enabled is an error for the limit that needs it, and a warning otherwise. */
  #warnUnavailable(limits: CgroupLimits, unavailable: ReadonlyMap<Controller, EngineError>): string[] {
    if (unavailable.size === 0) return [];
    const needed = neededControllers(limits);
    return [...unavailable].map(([controller, failure]) => {
      const option = needed.get(controller);
      if (!option) return `${failure.message}. ${failure.hint ?? ""}`.trim();
      throw new UnsupportedError(`Cannot apply ${option}: ${failure.message}`, {
        cause: failure,
        hint: failure.hint,
      });
    });
  }

  #restrictDevices(
    cgroup: ContainerCgroup,
    devices: readonly DeviceRule[],
    unifiedFd: OwnedFd | undefined,
  ): void {
    if (allowsAll(devices)) return;
    const v1 = cgroup.find("devices");
    if (v1) {
      writeControl(`${v1.path}/devices.deny`, "a");
      writeControlLines(`${v1.path}/devices.allow`, devices.map(formatDeviceRule));
    } else if (unifiedFd) {
      attachDeviceFilter(unifiedFd.fd, devices);
    } else {
      throw new UnsupportedError(
        "Cannot restrict the container's devices: no devices controller and no cgroup2",
        { hint: "Mount cgroup2 or the devices controller, or run with --privileged" },
      );
    }
  }
}

/**
 * The manager for this machine's hierarchies.
 *
 * @throws {UnsupportedError} when no cgroup file system is mounted
 */
export function openCgroupManager(parent?: string): CgroupManager {
  return new CgroupManager(detectLayout(), parent);
}

/** What to do about a controller that no hierarchy has: by the kernel's own list of those it was built with. */
function missingControllerRemedy(layout: CgroupLayout, controller: Controller): string {
  const name = controller === "io" ? "blkio" : controller;
  const rows = readFileSync("/proc/cgroups", "utf8").split("\n");
  const row = rows.map((line) => line.split(/\s+/)).find(([subsystem]) => subsystem === name);
  if (!row) {
    if (layout.unified)
      return `Enable ${controller} in ${layout.unified.root}/cgroup.controllers (Delegate= in systemd)`;
    return `Use a kernel built with the ${name} controller`;
  }
  const [, hierarchy, , enabled] = row;
  if (enabled === "0") {
    const extra = controller === "memory" ? " cgroup_enable=memory and without" : " without";
    return `Boot with${extra} cgroup_disable=${name} on the kernel command line`;
  }
  if (hierarchy !== "0")
    return `Mount it where this process sees it: mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`;
  if (layout.unified)
    return `Enable it in the parents' cgroup.subtree_control, or mount it: mount -t cgroup -o ${name} …`;
  return `Mount it: mkdir -p /sys/fs/cgroup/${name} && mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`;
}

function openUnified(path: string | undefined): OwnedFd | undefined {
  if (path === undefined) return undefined;
  return new OwnedFd(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
}
