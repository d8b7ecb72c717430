import { parseSignal, Signal } from "../container/signals.ts";
import { EngineError } from "../errors.ts";
import { openProcess, signalProcess } from "../kernel/descriptors.ts";
import { findContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { requireRunning, statusOf } from "./status.ts";
import type { StopOptions } from "./types.ts";
import { waitForEnd } from "./wait.ts";

const WITHOUT_END = -1;
const MILLISECONDS = 1000;

/** Asks a container to end, and kills it when it has not by then. One that does not run is fine. */
export function stopContainer(context: EngineContext, reference: string, options: StopOptions): void {
  const container = findContainer(context.database, reference) as Container;
  const { stage, run } = statusOf(context, container);
  if (stage !== "running" || !run.init) return;
  const { config } = container;
  const graceSeconds = options.graceSeconds ?? config.stopTimeoutSeconds;
  const cgroup = context.cgroups.open(container.id);
  cgroup.thaw();
  using init = openProcess(run.init.pid);
  if (init) signalProcess(init, options.signal ?? parseSignal(config.stopSignal));
  const timeoutMs = graceSeconds <= WITHOUT_END ? null : graceSeconds * MILLISECONDS;
  if (waitForEnd(context, container, timeoutMs)) return;
  if (init) signalProcess(init, Signal.SIGKILL);
  waitForEnd(context, container, null);
}

/** Sends a signal to a container's init. After SIGKILL its end is waited for. */
export function killContainer(context: EngineContext, reference: string, signal: number): void {
  const container = findContainer(context.database, reference) as Container;
  const { pid } = requireRunning(context, container);
  using init = openProcess(pid);
  if (!init || !signalProcess(init, signal))
    throw new EngineError(`Container ${container.name} is not running`);
  if (signal !== Signal.SIGKILL) return;
  // Version 1's freezer keeps even SIGKILL from its processes.
  context.cgroups.open(container.id).thaw();
  waitForEnd(context, container, null);
}

/** Stops every process of a container where it is. */
export function pauseContainer(context: EngineContext, reference: string): void {
  const container = findContainer(context.database, reference) as Container;
  requireRunning(context, container);
  const cgroup = context.cgroups.open(container.id);
  if (cgroup.isFrozen()) throw new EngineError(`Container ${container.name} is already paused`);
  cgroup.freeze();
}

/** Lets the processes of a paused container go on. */
export function unpauseContainer(context: EngineContext, reference: string): void {
  const container = findContainer(context.database, reference) as Container;
  requireRunning(context, container);
  const cgroup = context.cgroups.open(container.id);
  if (!cgroup.isFrozen()) throw new EngineError(`Container ${container.name} is not paused`);
  cgroup.thaw();
}
