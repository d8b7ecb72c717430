import { ConflictError } from "../errors.ts";
import { openProcess, signalProcess } from "../kernel/descriptors.ts";
import { lockFolder } from "../kernel/folder-lock.ts";
import { Signal } from "../container/signals.ts";
import { findContainer, getContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { discard, finishContainer } from "./finish.ts";
import { statusOf } from "./status.ts";
import { waitForEnd } from "./wait.ts";

/**
 * Removes a container and all it wrote.
 *
 * @throws {ConflictError} when it runs, unless forced; docker's words
 */
export function removeContainer(
  context: EngineContext,
  reference: string,
  { force }: { force: boolean },
): void {
  const container = findContainer(context.database, reference) as Container;
  const { stage, run } = statusOf(context, container);
  if (stage === "running" || stage === "starting" || stage === "creating") {
    if (!force) throw stillRunning(context, container);
    if (stage === "creating") throw new ConflictError(`container ${container.name} is being created`);
    kill(context, container, run.init?.pid);
  }
  finishContainer(context, container.id);
  using lock = lockFolder(context.paths(container.id).folder, { wait: true });
  const present = getContainer(context.database, container.id) as Container | undefined;
  if (!present) return; // It was to be removed at its end, and that has been done.
  const now = statusOf(context, present);
  if (lock && (now.stage === "running" || now.stage === "starting")) throw stillRunning(context, present);
  context.cgroups.open(container.id).remove();
  discard(context, container);
}

function kill(context: EngineContext, container: Container, pid: number | undefined): void {
  context.cgroups.open(container.id).thaw();
  using init = pid === undefined ? undefined : openProcess(pid);
  if (init) signalProcess(init, Signal.SIGKILL);
  waitForEnd(context, container, null);
}

function stillRunning(context: EngineContext, { id, name }: Container): ConflictError {
  const isPaused = context.cgroups.open(id).isFrozen();
  const [state, remedy] = isPaused ? ["paused", "unpause and then stop"] : ["running", "stop"];
  return new ConflictError(`cannot remove container "${name}": container is ${state}`, {
    hint: `${remedy} the container before removing or force remove`,
  });
}
