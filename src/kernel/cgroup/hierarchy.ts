import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { ConflictError, type EngineError, PermissionError, UnsupportedError } from "../../errors.ts";
import { errorCode, readControl, writeControl } from "./control-file.ts";
import type { Controller, Hierarchy } from "./layout.ts";

/** A container's directory in one hierarchy. */
export interface CgroupDirectory {
  readonly path: string;
  readonly hierarchy: Hierarchy;
}

/** How often the making of a directory is begun again when a parent vanishes meanwhile. */
const ATTEMPTS = 3;

/**
 * Makes a new, empty cgroup below `/PARENT` of a hierarchy, and the parent when it is missing.
 *
 * What a container that was killed left there is cleared first, so that it starts with the kernel's defaults.
 *
 * @returns controllers of version 2 that could not be enabled, with the reason
 * @throws {ConflictError} when processes live in a cgroup of that name
 * @throws {PermissionError | UnsupportedError} when the hierarchy cannot be written
 */
export function makeCgroup(hierarchy: Hierarchy, parent: string, name: string): Map<Controller, EngineError> {
  const base = `${hierarchy.root}/${parent}`;
  const path = `${base}/${name}`;
  for (let attempt = 1; ; attempt++) {
    try {
      mkdirSync(path);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EEXIST") removeStale(path, name);
      else if (code === "ENOENT" && attempt < ATTEMPTS) makeParent(hierarchy, base);
      else throw cannotMake(path, error);
      continue;
    }
    if (hierarchy.version === 2) return enableForChildren(hierarchy, base);
    if (hierarchy.controllers.includes("cpuset")) fillCpuset(path);
    return new Map();
  }
}

/** Removes a cgroup and those below it. Fails with the system's EBUSY while a process lives there. */
export function removeTree(path: string): void {
  try {
    rmdirSync(path);
    return;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENODEV") return;
    if (code !== "EBUSY" && code !== "ENOTEMPTY") throw error;
    const children = childCgroups(path);
    if (children.length === 0) throw error;
    for (const child of children) removeTree(child);
  }
  rmdirSync(path);
}

/** The cgroups right below one, as paths; none when it does not exist. */
export function childCgroups(path: string): string[] {
  return childNames(path).map((name) => `${path}/${name}`);
}

/** Like {@link childCgroups}, by name. */
export function childNames(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENODEV") return [];
    throw error;
  }
}

function makeParent({ version, controllers }: Hierarchy, base: string): void {
  try {
    mkdirSync(base);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw cannotMake(base, error);
  }
  if (version === 2 || !controllers.includes("cpuset")) return;
  fillCpuset(base);
  // From here on the kernel itself copies CPUs and memory nodes into each new child.
  writeControl(`${base}/cgroup.clone_children`, "1");
}

/** Sees to it that the children of version 2's parent have their controllers, which is so but for the first time. */
function enableForChildren({ root, controllers }: Hierarchy, base: string): Map<Controller, EngineError> {
  if (controllers.length === 0) return new Map();
  const enabled = readControl(`${base}/cgroup.subtree_control`)?.split(/\s+/) ?? [];
  if (controllers.every((name) => enabled.includes(name))) return new Map();
  return new Map([...enableControllers(root, controllers), ...enableControllers(base, controllers)]);
}

/**
 * Lets the children of a cgroup2 directory use controllers. One write takes all or none, so when the kernel refuses
 * one, each is tried by itself.
 *
 * Not so where processes are in the way (EBUSY): the kernel would enable cpu and pids alone, turn the directory into
 * the root of a threaded tree, and let no process into its children.
 */
function enableControllers(path: string, controllers: readonly Controller[]): Map<Controller, EngineError> {
  const file = `${path}/cgroup.subtree_control`;
  const failures = new Map<Controller, EngineError>();
  try {
    writeControl(file, controllers.map((name) => `+${name}`).join(" "));
    return failures;
  } catch (error) {
    if (errorCode(error) === "EBUSY") {
      return new Map(controllers.map((name) => [name, cannotEnable(path, name, error)]));
    }
  }
  for (const name of controllers) {
    try {
      writeControl(file, `+${name}`);
    } catch (error) {
      failures.set(name, cannotEnable(path, name, error));
    }
  }
  return failures;
}

function cannotEnable(path: string, controller: Controller, cause: unknown): EngineError {
  const what = `Cannot enable the ${controller} controller below ${path}`;
  switch (errorCode(cause)) {
    case "EBUSY": {
      const processes = readFileSync(`${path}/cgroup.procs`, "utf8").trim().replaceAll("\n", " ");
      return new ConflictError(`${what}: processes live in that cgroup itself (${processes})`, {
        cause,
        hint: `Move them into a child: mkdir ${path}/init && for p in ${processes}; do echo $p > ${path}/init/cgroup.procs; done`,
      });
    }
    case "ENOENT":
      return new UnsupportedError(`${what}: it is not handed down to this cgroup`, {
        cause,
        hint: `Enable it in the parents' cgroup.subtree_control, for example with Delegate=yes in systemd`,
      });
    case "EINVAL":
      return new UnsupportedError(
        `${what}: the kernel refuses it while real-time processes are in child cgroups`,
        {
          cause,
          hint: "Make those processes leave their cgroups, or use a kernel without CONFIG_RT_GROUP_SCHED",
        },
      );
    default:
      return new UnsupportedError(`${what}: ${errorCode(cause)}`, { cause });
  }
}

/**
 * A cgroup of version 1's cpuset takes no process before it has CPUs and memory nodes: those of its parent. The parent
 * hands them down by itself, unless the command that made it was killed before it said so.
 */
function fillCpuset(path: string): void {
  if (readControl(`${path}/cpuset.mems`)?.trim() !== "") return;
  for (const file of ["cpuset.cpus", "cpuset.mems"]) inheritCpuset(path, file);
}

function inheritCpuset(path: string, file: string): string {
  const own = readControl(`${path}/${file}`)?.trim();
  if (own === undefined || own !== "") return own ?? "";
  const inherited = inheritCpuset(path.slice(0, path.lastIndexOf("/")), file);
  writeControl(`${path}/${file}`, inherited);
  return inherited;
}

function removeStale(path: string, name: string): void {
  try {
    removeTree(path);
  } catch (cause) {
    if (errorCode(cause) !== "EBUSY") throw cause;
    throw new ConflictError(`Cannot make the cgroup of ${name}: processes live in ${path}`, {
      cause,
      hint: `Remove the container with \`mini-docker rm -f ${name}\`, or end the processes listed in ${path}/cgroup.procs`,
    });
  }
}

function cannotMake(path: string, cause: unknown): EngineError {
  const what = `Cannot make the cgroup ${path}`;
  const code = errorCode(cause);
  if (code === "EROFS") {
    const hint = "Remount it: mount -o remount,rw on its mount point";
    return new UnsupportedError(`${what}: the cgroup file system is mounted read-only`, { cause, hint });
  }
  if (code === "EACCES" || code === "EPERM") {
    const hint = "Run as root";
    return new PermissionError(`${what}: permission denied`, { cause, hint });
  }
  if (code === "EAGAIN") {
    const hint = "See cgroup.max.descendants and cgroup.max.depth of its parents";
    return new UnsupportedError(`${what}: a limit on the number of cgroups is reached`, { cause, hint });
  }
  return new UnsupportedError(`${what}: ${code}`, { cause });
}
