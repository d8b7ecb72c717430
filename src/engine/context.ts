import { mkdirSync } from "node:fs";
import type { ContainerConfig } from "../container/config.ts";
import { type ContainerPaths, containerPaths, type Roots } from "../container/paths.ts";
import { PermissionError } from "../errors.ts";
import { EXIT_STEP } from "../lib/exit-step-word.ts";
import { type CgroupManager, openCgroupManager } from "../kernel/cgroup/manager.ts";
import type { ContainerRow } from "../store/containers.ts";
import { type Database, openDatabase } from "../store/database.ts";
import type { EngineOptions } from "./types.ts";

const DEFAULT_DATA_ROOT = "/var/lib/mini-docker";
const DEFAULT_RUN_ROOT = "/run/mini-docker";
const OWNER_ONLY = 0o700;

/** A container as the engine has it from the store. */
export type Container = ContainerRow<ContainerConfig>;

/** What every use case works with: the roots, the store, the cgroups. Each is opened when it is first used. */
export class EngineContext {
  readonly roots: Roots;
  #database: Database | undefined;
  #cgroups: CgroupManager | undefined;

  constructor(roots: Roots) {
    this.roots = roots;
  }

  get database(): Database {
    this.#database ??= openDatabase(this.roots.data);
    return this.#database;
  }

  get cgroups(): CgroupManager {
    this.#cgroups ??= openCgroupManager();
    return this.#cgroups;
  }

  paths(id: string): ContainerPaths {
    return containerPaths(this.roots, id);
  }

  /** argv by which a shim calls the engine when its container has ended. */
  exitStep(id: string): string[] {
    const { execPath } = process;
    const script = Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main];
    return [execPath, ...script, EXIT_STEP, this.roots.data, this.roots.run, id];
  }
}

/**
 * Opens what the engine works with.
 *
 * @throws {PermissionError} when the caller is not root
 */
export function openContext({ root, runRoot }: EngineOptions): EngineContext {
  if (process.geteuid?.() !== 0) {
    throw new PermissionError("Cannot manage containers: this needs root's rights", {
      hint: "Run it with sudo",
    });
  }
  const roots = { data: root ?? DEFAULT_DATA_ROOT, run: runRoot ?? DEFAULT_RUN_ROOT };
  return new EngineContext(roots);
}

/** Makes the folders that all containers share, for commands that make containers. */
export function makeSharedFolders({ data, run }: Roots): void {
  for (const path of [`${data}/containers`, `${data}/mnt`, `${data}/layers`, `${run}/containers`]) {
    mkdirSync(path, { recursive: true, mode: OWNER_ONLY });
  }
}
