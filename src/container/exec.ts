import { dirname } from "node:path";
import { EngineError } from "../errors.ts";
import { type OwnedFd, pipe, socketPair } from "../kernel/descriptors.ts";
import { encodeProgram } from "../kernel/launch/encoder.ts";
import { Inherited } from "../kernel/launch/program.ts";
import { type Launch, launch } from "../kernel/launch/spawn.ts";
import { type ExecPlan, execProgram } from "./birth/exec-program.ts";
import { searchPath } from "./birth/plan-birth.ts";
import { describeLaunchFailure } from "./launch-failure.ts";
import { mountFacts } from "./mount-facts.ts";
import { openStreams } from "./streams.ts";

export interface ExecOptions {
  readonly plan: ExecPlan;
  /** A pidfd of the container's init. */
  readonly target: OwnedFd;
  /** The container's cgroup on version 2. */
  readonly cgroup: OwnedFd | undefined;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Nobody attaches: the process has no input, and its output is dropped. */
  readonly detach: boolean;
  /** The container's root as its processes see it, /proc/PID/root: where a failure's reason is looked for. */
  readonly root: string;
}

/** A further process of a container. */
export interface Executing {
  readonly pid: number;
  readonly launch: Launch;
  /** The caller's connection to it; `undefined` when it is detached. */
  readonly client: OwnedFd | undefined;
}

/**
 * Starts a process in a running container, with a shim of its own.
 *
 * @throws {ProcessStartError} when its command cannot be executed; {EngineError} when the container has just ended
 */
export function execInContainer(options: ExecOptions): Executing {
  const { plan, detach } = options;
  using stack = new DisposableStack();
  const kept = (fd: OwnedFd, name: string) => new Inherited(stack.use(fd).fd, name, true);
  const stdin = options.stdin && !detach;
  const streams = stack.use(openStreams({ tty: options.tty, stdin, stdinOnce: true, output: !detach }));
  const report = pipe();
  const [ours, theirs] = detach ? [undefined, undefined] : socketPair();
  if (ours) stack.use(ours);
  const program = execProgram(plan, {
    ...streams.child,
    target: new Inherited(options.target.fd, "the container's init", false),
    ...(options.cgroup ? { cgroup: new Inherited(options.cgroup.fd, "the container's cgroup", false) } : {}),
  });
  const supervision = {
    ...streams.shim,
    report: kept(report.writer, "report"),
    ...(theirs ? { client: kept(theirs, "first client") } : {}),
  };
  const started = launch(encodeProgram(program, supervision), report.reader, plan.id);
  report.writer.close();
  const outcome = started.outcome();
  if (!outcome.ok) {
    // Its shim waits for the child and ends by itself: killed, it would leave a zombie to the container's init.
    ours?.close();
    started.reap();
    const { failure, tolerated } = outcome;
    if (failure.errno === "ESRCH") throw new EngineError(`Container ${plan.id.slice(0, 12)} is not running`);
    const { argv, environment, workingDir } = plan.process;
    throw describeLaunchFailure({
      program,
      failure,
      tolerated,
      command: argv[0] ?? "",
      searchPath: searchPath(environment),
      workingDir,
      layers: [options.root],
      mounts: mountFacts(`${dirname(options.root)}/mountinfo`),
    });
  }
  return { pid: outcome.pid, launch: started, client: ours?.take() };
}
