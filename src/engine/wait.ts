import { type FolderWatch, InotifyMask, openFolderWatch } from "../kernel/inotify.ts";
import { PollEvent, PollSet } from "../kernel/poll.ts";
import { openProcess } from "../kernel/descriptors.ts";
import { findContainer, getContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { finishContainer } from "./finish.ts";
import { statusOf } from "./status.ts";

const CHANGES = InotifyMask.CREATE | InotifyMask.MOVED_TO | InotifyMask.DELETE | InotifyMask.DELETE_SELF;
const WATCH = 0;
const SHIM = 1;

/** Waits until a container has ended. @returns its exit code; that of the last end for one that does not run */
export function waitContainer(context: EngineContext, reference: string): number {
  const container = findContainer(context.database, reference) as Container;
  return waitForEnd(context, container, null)?.exitCode ?? container.exitCode ?? 0;
}

/**
 * Waits until a container has ended, and does what follows if nobody else does.
 *
 * @param timeoutMs milliseconds, or `null` to wait without end
 * @returns its exit code; `undefined` after the time has passed
 */
export function waitForEnd(
  context: EngineContext,
  container: Container,
  timeoutMs: number | null,
): { exitCode: number } | undefined {
  const { id } = container;
  const deadline = timeoutMs === null ? null : performance.now() + timeoutMs;
  using watch = openFolderWatch();
  // Watched before it is looked at: what happens in between is seen at the first wait.
  const isThere = tryWatch(watch, context.paths(id).runFolder);
  for (;;) {
    watch.drain();
    const present = getContainer(context.database, id) as Container | undefined;
    if (!present) return { exitCode: container.exitCode ?? 0 };
    const status = statusOf(context, present);
    if (status.stage !== "running" && status.stage !== "starting") {
      finishContainer(context, id);
      return { exitCode: status.exitCode ?? present.exitCode ?? 0 };
    }
    const rest = deadline === null ? null : deadline - performance.now();
    if (rest !== null && rest <= 0) return undefined;
    waitForChange(watch, isThere ? status.run.shim?.pid : undefined, rest);
  }
}

function tryWatch(watch: FolderWatch, folder: string): boolean {
  try {
    watch.add(folder, CHANGES);
    return true;
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") return false;
    throw cause;
  }
}

/** Until something changes in the run folder, or the shim has gone. */
function waitForChange(watch: FolderWatch, shimPid: number | undefined, timeoutMs: number | null): void {
  using shim = shimPid === undefined ? undefined : openProcess(shimPid);
  const poll = new PollSet(2);
  poll.set(WATCH, watch.fd, PollEvent.IN);
  if (shim) poll.set(SHIM, shim.fd, PollEvent.IN);
  poll.wait(timeoutMs);
}
