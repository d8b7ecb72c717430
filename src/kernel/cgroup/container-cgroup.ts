import { UnavailableError } from "../../errors.ts";
import {
  applyLimit,
  errorCode,
  readControl,
  readCounters,
  readNumber,
  writeControl,
} from "./control-file.ts";
import { type CgroupDirectory, removeTree } from "./hierarchy.ts";
import type { CgroupVersion, Controller } from "./layout.ts";
import { type CgroupLimits, type ControlWrite, v1Writes, v2Writes } from "./limits.ts";
import { type CgroupStats, readCpu, readIo, readMemory, readOomKills, readPids } from "./stats.ts";
import { killEach, processes, waitForEvent } from "./wait.ts";

/** How long processes may take to stop, or to end, before that is an error. Uninterruptible sleep can hold them. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 1;

/**
 * The cgroup of a container: one directory on cgroup2, one for each hierarchy on version 1.
 *
 * The object holds names alone: it can be made for a cgroup that does not exist, on which every verb does nothing.
 */
export class ContainerCgroup {
  readonly id: string;
  readonly directories: readonly CgroupDirectory[];

  constructor(id: string, directories: readonly CgroupDirectory[]) {
    this.id = id;
    this.directories = directories;
  }

  /** The directory on cgroup2, where that is mounted. */
  get unified(): string | undefined {
    return this.directories.find(({ hierarchy }) => hierarchy.version === 2)?.path;
  }

  /** The `tasks` files of version 1: a process joins by writing "0" to each, before it starts a thread. (Written to
   * `cgroup.procs` the same takes a lock of the whole system, which costs 10 to 20 ms on an idle machine.) */
  get joinPaths(): string[] {
    return this.directories.flatMap(({ path, hierarchy }) =>
      hierarchy.version === 1 ? [`${path}/tasks`] : [],
    );
  }

  /** Where a controller's files are; `undefined` when no hierarchy has it. */
  find(controller: Controller): { readonly path: string; readonly version: CgroupVersion } | undefined {
    const found = this.directories.find(({ hierarchy }) => hierarchy.controllers.includes(controller));
    return found && { path: found.path, version: found.hierarchy.version };
  }

  /**
   * Writes limits; those that are left out stay.
   *
   * @returns warnings about limits that this kernel has not, where docker goes on too
   * @throws {UnsupportedError | ConflictError} as {@link applyLimit}; what was written before stays
   */
  applyLimits(limits: CgroupLimits): string[] {
    const warnings: string[] = [];
    for (const [version, writes] of [[2, v2Writes(limits)] as const, [1, v1Writes(limits)] as const]) {
      for (const write of this.#ordered(writes)) {
        const place = this.find(write.controller);
        if (place?.version !== version) continue;
        const warning = applyLimit(place.path, write);
        if (warning) warnings.push(warning);
      }
    }
    return warnings;
  }

  /** Its processes, nested cgroups included, by the caller's pid namespace. */
  procs(): number[] {
    const directory = this.unified ?? this.directories[0]?.path;
    return directory === undefined ? [] : processes(directory);
  }

  /**
   * Stops every process where it is, and waits until all have stopped.
   *
   * @throws {UnavailableError} when one does not stop within 10 s; all go on then
   */
  freeze(): void {
    const { unified } = this;
    const deadline = performance.now() + PATIENCE_MS;
    if (unified) {
      writeControl(`${unified}/cgroup.freeze`, "1");
      if (waitForEvent(unified, "frozen 1", deadline)) return;
    } else if (this.#freezeV1(deadline)) return;
    this.thaw();
    throw new UnavailableError(`Cannot pause ${this.id}: a process does not stop`, {
      hint: "A process in uninterruptible sleep (state D) waits for a device or a network file system; try again",
    });
  }

  /** Lets the processes go on. Does nothing when they are not frozen, or gone. */
  thaw(): void {
    const { unified } = this;
    const freezer = unified ? `${unified}/cgroup.freeze` : this.#freezerState();
    if (!freezer) return;
    try {
      writeControl(freezer, unified ? "0" : "THAWED");
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  /** Whether its processes are stopped, or about to be. */
  isFrozen(): boolean {
    const { unified } = this;
    if (unified) return readNumber(`${unified}/cgroup.freeze`) === 1;
    const freezer = this.#freezerState();
    return freezer !== undefined && /^FR/.test(readControl(freezer) ?? "");
  }

  /**
   * Kills every process in it, frozen ones too, and waits until they have ended.
   *
   * Version 1's freezer keeps even SIGKILL from its processes, so they are let go first.
   *
   * @throws {UnavailableError} when one does not end within 10 s
   */
  kill(): void {
    const deadline = performance.now() + PATIENCE_MS;
    if (this.#killWithin(deadline)) return;
    throw new UnavailableError(`Cannot kill the processes of ${this.id}: one does not end`, {
      hint: "A process in uninterruptible sleep (state D) waits for a device or a network file system; try again",
    });
  }

  /**
   * Removes the cgroup, and kills what still lives in it. Fine when it is gone.
   *
   * @throws {UnavailableError} when a process does not end within 10 s
   */
  remove(): void {
    const deadline = performance.now() + PATIENCE_MS;
    for (const { path } of this.directories) {
      while (!removed(path)) {
        if (performance.now() > deadline) {
          throw new UnavailableError(`Cannot remove the cgroup ${path}: it stays in use`, {
            hint: `End the processes listed in ${path}/cgroup.procs, then try again`,
          });
        }
        this.kill();
        // The kernel counts a process a moment longer than it lists it.
        if (!removed(path)) Bun.sleepSync(PAUSE_MS);
      }
    }
  }

  /** How many of its processes the kernel has killed because the memory limit was reached. */
  oomKills(): number {
    const memory = this.find("memory");
    return memory ? readOomKills(memory.version, memory.path) : 0;
  }

  /** What it uses; parts whose controller is missing are left out. */
  stats(): CgroupStats {
    const [memory, pids, io] = [this.find("memory"), this.find("pids"), this.find("io")];
    const cpu = this.find("cpu") ?? (this.unified ? { version: 2 as const, path: this.unified } : undefined);
    const parts = {
      memory: memory && readMemory(memory.version, memory.path),
      cpu: readCpu(cpu?.version ?? 1, cpu?.path, this.find("cpuacct")?.path),
      pids: pids && readPids(pids.path),
      io: io && readIo(io.version, io.path),
    };
    return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
  }

  #killWithin(deadline: number): boolean {
    const { unified } = this;
    const directory = unified ?? this.directories[0]?.path;
    if (directory === undefined) return true;
    if (!unified) this.thaw();
    if (unified && killAtOnce(unified)) return waitForEvent(unified, "populated 0", deadline);
    return killEach(directory, deadline);
  }

  #freezeV1(deadline: number): boolean {
    const freezer = this.#freezerState();
    if (!freezer) throw new UnavailableError(`Cannot pause ${this.id}: no freezer controller is mounted`);
    do {
      // A process that was just forked can escape the first attempt: the kernel wants to be asked again.
      writeControl(freezer, "FROZEN");
      if (readControl(freezer)?.trim() === "FROZEN") return true;
      Bun.sleepSync(PAUSE_MS);
    } while (performance.now() < deadline);
    return false;
  }

  #freezerState(): string | undefined {
    const freezer = this.find("freezer");
    return freezer && `${freezer.path}/freezer.state`;
  }

  /** Version 1 never lets memory exceed memory with swap: when both rise, the latter goes first. */
  #ordered(writes: readonly ControlWrite[]): readonly ControlWrite[] {
    const memory = writes.findIndex(({ choices }) => choices[0]?.file === "memory.limit_in_bytes");
    const swap = writes.findIndex(({ choices }) => choices[0]?.file === "memory.memsw.limit_in_bytes");
    const place = this.find("memory");
    if (memory < 0 || swap < 0 || place?.version !== 1) return writes;
    const current = readNumber(`${place.path}/memory.memsw.limit_in_bytes`);
    if (current === undefined || Number(writes[memory]!.choices[0]!.value) <= current) return writes;
    return [writes[swap]!, ...writes.filter((_, index) => index !== swap)];
  }
}

/** True when no cgroup is left there; false when a process is in the way. */
function removed(path: string): boolean {
  try {
    removeTree(path);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EBUSY" && errorCode(error) !== "ENOTEMPTY") throw error;
    return false;
  }
}

/** cgroup.kill: SIGKILL to all, atomically with respect to forks. False before Linux 5.14. */
function killAtOnce(directory: string): boolean {
  try {
    writeControl(`${directory}/cgroup.kill`, "1");
    return true;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    // Gone altogether, or a kernel without the file?
    return readCounters(`${directory}/cgroup.events`).size === 0;
  }
}
