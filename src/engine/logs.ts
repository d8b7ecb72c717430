import { readLogs } from "../container/logs/read-logs.ts";
import { ConflictError } from "../errors.ts";
import { openProcess } from "../kernel/descriptors.ts";
import { findContainer, getContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { reconcile } from "./finish.ts";
import { statusOf } from "./status.ts";
import type { LogsRequest } from "./types.ts";

/** Prints a container's log on our own streams. @throws {ConflictError} when it keeps none */
export function printLogs(context: EngineContext, reference: string, request: LogsRequest): void {
  reconcile(context);
  const container = findContainer(context.database, reference) as Container;
  const { id, config } = container;
  if (config.host.log.driver === "none") {
    throw new ConflictError("configured logging driver does not support reading", {
      hint: "The container was started with --log-driver none",
    });
  }
  const paths = context.paths(id);
  const { follow, tail, since, until, timestamps } = request;
  const { run, stage } = statusOf(context, container);
  using shim = follow && run.shim ? openProcess(run.shim.pid) : undefined;
  const ended = () => {
    const present = getContainer(context.database, id) as Container | undefined;
    return !present || ["ended", "exited", "lost", "created"].includes(statusOf(context, present).stage);
  };
  const following = { watchFolder: paths.runFolder, ended, ...(shim ? { shimPidFd: shim.fd } : {}) };
  readLogs({
    path: paths.log,
    stdoutFd: 1,
    stderrFd: 2,
    tail,
    since,
    until,
    timestamps,
    follow: follow && (stage === "running" || stage === "starting") ? following : undefined,
  });
}
