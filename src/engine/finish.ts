import type { ContainerConfig } from "../container/config.ts";
import { lockFolder } from "../kernel/folder-lock.ts";
import { removeTree } from "../kernel/remove-tree.ts";
import { humanBinarySize } from "../lib/size.ts";
import {
  deleteContainer,
  getContainer,
  listUnsettled,
  markExited,
  markStartFailed,
} from "../store/containers.ts";
import { releaseLeases } from "../store/leases.ts";
import type { Container, EngineContext } from "./context.ts";
import { type Status, statusOf } from "./status.ts";

/** 128 and SIGKILL. */
const KILLED_EXIT_CODE = 137;

/** How a container ended, for whoever waited for it. */
export interface Ended {
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

/**
 * Does what follows a container's end: releases its address and cgroup, records the end, and removes the container if
 * it was made to be removed.
 *
 * Whoever comes first does it: the attached command, the shim's exit step, or any later command. The container's lock
 * keeps them apart, and each step is fine when it has been done before.
 *
 * @param wait whether to wait for somebody who is at it
 * @returns `undefined` when there was nothing to do, or somebody else does it
 */
export function finishContainer(context: EngineContext, id: string, { wait = true } = {}): Ended | undefined {
  using lock = lockFolder(context.paths(id).folder, { wait });
  const container = getContainer(context.database, id) as Container | undefined;
  if (!container) return undefined;
  if (!lock) return container.phase === "creating" ? abandon(context, container) : undefined;
  const status = statusOf(context, container);
  if (container.phase === "creating")
    return status.stage === "lost" ? abandon(context, container) : undefined;
  if (container.phase !== "started" || (status.stage !== "ended" && status.stage !== "lost"))
    return undefined;
  return settle(context, container, status);
}

/** Brings the store up to date with what has happened: every container that ended without anybody to record it. */
export function reconcile(context: EngineContext): void {
  for (const container of listUnsettled(context.database) as Container[]) {
    const { stage } = statusOf(context, container);
    if (stage === "ended" || stage === "lost") finishContainer(context, container.id, { wait: false });
  }
}

function settle(context: EngineContext, container: Container, status: Status): Ended {
  const { id } = container;
  const { database } = context;
  const paths = context.paths(id);
  const cgroup = context.cgroups.open(id);
  const oomKilled = cgroup.oomKills() > 0;
  cgroup.remove();
  const exitCode = status.exitCode ?? 0;
  if (container.autoRemove) {
    discard(context, container);
  } else if (status.stage === "lost" && !status.run.shim) {
    // The command that started it was killed before anything ran.
    releaseLeases(database, id);
    markStartFailed(database, id, { exitCode, error: "the command that started it was killed" });
  } else {
    const lost = status.stage === "lost" ? "its monitor was killed, and the container with it" : undefined;
    const error = lost ?? oomNotice(container.config, { exitCode, oomKilled });
    database.transaction(() => {
      releaseLeases(database, id);
      const finishedAt = status.finishedAt ?? new Date().toISOString();
      markExited(database, id, { exitCode, oomKilled, finishedAt, ...(error ? { error } : {}) });
    })();
  }
  removeTree(paths.runFolder); // After the row: whoever misses the record of the end finds the row that says it.
  return { exitCode, oomKilled };
}

/** Names the limit that ended a container, if one did. */
export function oomNotice({ host }: ContainerConfig, { oomKilled, exitCode }: Ended): string | undefined {
  if (!oomKilled) return undefined;
  const { memoryBytes } = host.resources;
  const limit = memoryBytes ? `--memory ${humanBinarySize(memoryBytes)}` : "memory of the machine";
  const who = exitCode === KILLED_EXIT_CODE ? "the container" : "a process of the container";
  return `${who} was killed because it ran out of memory: the limit is ${limit} (OOMKilled)`;
}

/** A container whose making was cut short: nobody was told of it. */
function abandon(context: EngineContext, container: Container): undefined {
  if (statusOf(context, container).stage !== "lost") return undefined;
  context.cgroups.open(container.id).remove();
  discard(context, container);
}

/** Removes a container's folders, then its row: while there is anything left, there is a row that names it. */
export function discard(context: EngineContext, { id }: { readonly id: string }): void {
  const { folder, runFolder } = context.paths(id);
  removeTree(runFolder);
  removeTree(folder);
  deleteContainer(context.database, id);
}
