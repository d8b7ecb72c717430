import { openSync } from "node:fs";
import { acknowledgeExit, type AttachOutcome, attachLoop } from "../container/attach/attach-loop.ts";
import { exitCodeOf } from "../container/exit-status.ts";
import { EngineError } from "../errors.ts";
import { type OwnedFd, openProcess, signalProcess } from "../kernel/descriptors.ts";
import { connectUnixSocket } from "../kernel/unix-socket.ts";
import { isatty, type TerminalSize, terminalSize } from "../kernel/tty.ts";
import { findContainer, getContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { type Ended, finishContainer } from "./finish.ts";
import { requireRunning } from "./status.ts";
import type { AttachChoice } from "./types.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const SIGNAL_BASE = 128;
const SIGPIPE = 13;
const LOST_EXIT_CODE = 137;

export interface Connection {
  readonly socket: OwnedFd;
  /** Where signals go: the container's init, or an exec's process. */
  readonly pid: number;
  readonly tty: boolean;
  /** Whether the process has an input at all. */
  readonly openStdin: boolean;
  readonly choice: AttachChoice;
}

/** Our terminal's size, if we have one: what the container's terminal begins with. */
export function callersTerminal(): TerminalSize | undefined {
  const fd = [STDIN, STDOUT].find((candidate) => isatty(candidate));
  return fd === undefined ? undefined : terminalSize(fd);
}

/** Connects our streams with a process's until one side leaves. */
export function attachStreams({ socket, pid, tty, openStdin, choice }: Connection): AttachOutcome {
  using target = openProcess(pid);
  const nowhere = choice.stdout && choice.stderr ? -1 : openSync("/dev/null", "w");
  return attachLoop({
    socketFd: socket.fd,
    stdinFd: choice.stdin && openStdin ? STDIN : null,
    stdoutFd: choice.stdout ? STDOUT : nowhere,
    stderrFd: choice.stderr ? STDERR : nowhere,
    tty,
    detachKeys: tty ? choice.detachKeys : null,
    sigProxy: choice.sigProxy && target ? (signal) => void signalProcess(target, signal) : null,
  });
}

/**
 * The exit code of a command that was attached, and ends as `outcome` says.
 *
 * @param onExit what is done when the process has ended; it gives the exit code
 */
export function exitCodeAfter(outcome: AttachOutcome, onExit: (code: number) => number): number {
  switch (outcome.outcome) {
    case "exited":
      return onExit(exitCodeOf(outcome));
    case "detached":
      return 0;
    case "lost":
      return onExit(LOST_EXIT_CODE);
    case "output-closed":
      return SIGNAL_BASE + SIGPIPE;
    case "interrupted":
      return SIGNAL_BASE + outcome.signal;
  }
}

/**
 * Watches a container that this command started: connects the streams, and does the exit step when it ends.
 *
 * @param onEnd told how it ended
 */
export function watchStarted(
  context: EngineContext,
  id: string,
  connection: Connection,
  onEnd?: (ended: Ended) => void,
): number {
  const outcome = attachStreams(connection);
  return exitCodeAfter(outcome, (code) => {
    const ended = finishContainer(context, id);
    if (outcome.outcome === "exited") acknowledgeExit(connection.socket.fd);
    if (ended) onEnd?.(ended);
    return outcome.outcome === "lost" ? (ended?.exitCode ?? recordedCode(context, id) ?? code) : code;
  });
}

/** Attaches to a container that runs. @throws {ConflictError} when it does not */
export function attachTo(context: EngineContext, reference: string, choice: AttachChoice): number {
  const container = findContainer(context.database, reference) as Container;
  const { config, id } = container;
  const init = requireRunning(context, container);
  if (context.cgroups.open(id).isFrozen()) {
    throw new EngineError("You cannot attach to a paused container, unpause it first");
  }
  using socket = connectUnixSocket(context.paths(id).attachSocket);
  const { tty, openStdin } = config.process;
  const outcome = attachStreams({ socket, pid: init.pid, tty, openStdin, choice: withoutProxy(choice, tty) });
  return exitCodeAfter(outcome, (code) =>
    outcome.outcome === "lost" ? (recordedCode(context, id) ?? code) : code,
  );
}

/** Docker's rule for all but `run`: what joins a terminal is no more than a viewer, whose end is its own. */
export function withoutProxy(choice: AttachChoice, tty: boolean): AttachChoice {
  return tty ? { ...choice, sigProxy: false } : choice;
}

function recordedCode({ database }: EngineContext, id: string): number | undefined {
  return getContainer(database, id)?.exitCode ?? undefined;
}
