import type { CreateRequest } from "../container/config.ts";
import { lockFolder } from "../kernel/folder-lock.ts";
import { findContainer } from "../store/containers.ts";
import { attachTo, callersTerminal, watchStarted, withoutProxy } from "./attach.ts";
import type { Container, EngineContext } from "./context.ts";
import { type Making, makeContainer } from "./create.ts";
import { discard, oomNotice, reconcile } from "./finish.ts";
import { startById, type StartResult } from "./start.ts";
import type { AttachChoice, RunChoice } from "./types.ts";

/** Creates a container, starts it, and unless it is detached stays with it until it ends. */
export async function runContainer(
  context: EngineContext,
  request: CreateRequest,
  options: RunChoice,
): Promise<number> {
  const making = await makeContainer(context, request, options.progress);
  const { config, image } = making;
  options.onCreated({ id: config.id, warnings: making.warnings });
  const attach = !options.detach;
  const started = await startMade(context, making, {
    attach,
    layers: image.layerDirectories,
    terminalSize: attach && config.process.tty ? callersTerminal() : undefined,
  });
  for (const warning of started.warnings) options.onNotice?.(`WARNING: ${warning}`);
  using _launch = started.launch;
  if (!attach || !started.client) {
    reconcile(context);
    return 0;
  }
  using socket = started.client;
  const { tty, openStdin } = config.process;
  const connection = { socket, pid: started.initPid, tty, openStdin, choice: options.attach };
  return watchStarted(context, config.id, connection, (ended) => {
    const notice = oomNotice(config, ended);
    if (notice) options.onNotice?.(notice);
  });
}

/** Starts what was just made; a container that cannot be started goes if it was to go at its end. */
async function startMade(
  context: EngineContext,
  { config }: Making,
  request: Parameters<typeof startById>[2],
): Promise<StartResult> {
  const { id, host } = config;
  try {
    const started = await startById(context, id, request);
    if (!started) throw new Error("a container that was just made runs already");
    return started;
  } catch (cause) {
    if (host.autoRemove) {
      using _lock = lockFolder(context.paths(id).folder, { wait: true });
      discard(context, config);
    }
    throw cause;
  }
}

/** Starts a container that exists and attaches to it. */
export async function startAttached(
  context: EngineContext,
  reference: string,
  choice: AttachChoice,
  onNotice?: (line: string) => void,
): Promise<number> {
  const { id, config } = findContainer(context.database, reference) as Container;
  const { tty, openStdin } = config.process;
  const started = await startById(context, id, {
    attach: true,
    terminalSize: tty ? callersTerminal() : undefined,
  });
  if (!started?.client) {
    return attachTo(context, id, choice);
  }
  using _launch = started.launch;
  using socket = started.client;
  const connection = { socket, pid: started.initPid, tty, openStdin, choice: withoutProxy(choice, tty) };
  return watchStarted(context, id, connection, (ended) => {
    const notice = oomNotice(config, ended);
    if (notice) onNotice?.(notice);
  });
}

/** Starts a container that exists, and leaves it to itself. One that runs already is fine. */
export async function startDetached(context: EngineContext, reference: string): Promise<void> {
  const { id } = findContainer(context.database, reference) as Container;
  const started = await startById(context, id, { attach: false });
  started?.launch[Symbol.dispose]();
}
