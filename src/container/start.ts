import type { NewCgroup, ShimPlacement } from "../kernel/cgroup/manager.ts";
import {
  listenOnUnixSocket,
  openFolder,
  type OwnedFd,
  pipe,
  socketPair,
  writeByte,
} from "../kernel/descriptors.ts";
import { encodeProgram, type Supervision } from "../kernel/launch/encoder.ts";
import { Inherited } from "../kernel/launch/program.ts";
import { type Launch, launch } from "../kernel/launch/spawn.ts";
import { birthProgram } from "./birth/birth-program.ts";
import type { BirthPlan } from "./birth/plan.ts";
import { searchPath } from "./birth/plan-birth.ts";
import type { ContainerConfig } from "./config.ts";
import { describeLaunchFailure } from "./launch-failure.ts";
import { plannedMountFacts } from "./mount-facts.ts";
import type { ContainerPaths } from "./paths.ts";
import { openStreams, type StreamOptions } from "./streams.ts";

export interface StartOptions {
  readonly config: ContainerConfig;
  readonly plan: BirthPlan;
  readonly paths: ContainerPaths;
  readonly layers: readonly string[];
  readonly cgroup: NewCgroup;
  readonly shimPlacement: ShimPlacement;
  /** The network namespace to join. */
  readonly networkNamespace?: OwnedFd | undefined;
  /** Sets the network up from outside, given the init's pid, while the container sets up its files. */
  readonly connect?: ((initPid: number) => void) | undefined;
  /** Whether the caller attaches: it then gets a connection which is there before the first byte of output. */
  readonly attach: boolean;
  /** What the shim runs when all is over, unless the attached caller has done it. */
  readonly exitStep: readonly string[];
}

/** A container that runs. */
export interface Started {
  readonly initPid: number;
  readonly launch: Launch;
  /** The caller's attach connection, if it asked for one. */
  readonly client: OwnedFd | undefined;
}

/** Which streams a container of this configuration has. */
export function streamOptions({ process, host }: ContainerConfig, attach: boolean): StreamOptions {
  const { tty, openStdin: stdin, stdinOnce } = process;
  return { tty, stdin, stdinOnce, output: attach || host.log.driver !== "none" || stdin };
}

/**
 * Starts a container's shim on its birth, and waits until its program runs.
 *
 * @throws {EngineError} when a step of the birth fails; {ProcessStartError} when the command cannot be executed. Then
 * no process is left; what was prepared before is the caller's to undo.
 */
export function startContainer(options: StartOptions): Started {
  const { config, plan, paths, cgroup } = options;
  using stack = new DisposableStack();
  const kept = (fd: OwnedFd, name: string) => new Inherited(stack.use(fd).fd, name, true);
  const streams = stack.use(openStreams(streamOptions(config, options.attach)));
  const report = pipe();
  const go = options.connect ? pipe() : undefined;
  const [ours, theirs] = options.attach ? socketPair() : [undefined, undefined];
  if (ours) stack.use(ours);
  if (go) {
    stack.use(go.reader);
    stack.use(go.writer);
  }
  const program = birthProgram(
    { ...plan, shimJoinPaths: options.shimPlacement.joinPaths },
    {
      ...streams.child,
      ...(cgroup.unifiedFd ? { cgroup: new Inherited(cgroup.unifiedFd.fd, "its own cgroup", false) } : {}),
      ...(options.shimPlacement.unifiedFd
        ? { shimCgroup: new Inherited(options.shimPlacement.unifiedFd.fd, "the shims' cgroup", false) }
        : {}),
      ...(go ? { go: new Inherited(go.reader.fd, "go pipe", false) } : {}),
      ...(options.networkNamespace
        ? { network: new Inherited(options.networkNamespace.fd, "network namespace", false) }
        : {}),
    },
  );
  const { log } = config.host;
  const supervision: Supervision = {
    ...streams.shim,
    report: kept(report.writer, "report"),
    listen: kept(listenOnUnixSocket(paths.attachSocket), "attach socket"),
    runDirectory: kept(openFolder(paths.runFolder), "run folder"),
    ...(theirs ? { client: kept(theirs, "first client") } : {}),
    ...(log.driver === "cri"
      ? {
          logDirectory: kept(openFolder(paths.logFolder), "log folder"),
          logMaxBytes: log.maxSizeBytes,
          logMaxFiles: log.maxFiles,
        }
      : {}),
    exitStep: options.exitStep,
  };
  const started = launch(encodeProgram(program, supervision), report.reader, config.id);
  report.writer.close();
  go?.reader.close();
  const initPid = started.started();
  if (initPid !== undefined && go && options.connect) {
    try {
      options.connect(initPid);
    } catch (cause) {
      started.kill();
      throw cause;
    }
    writeByte(go.writer);
  }
  const outcome = started.outcome();
  if (!outcome.ok) {
    // The shim would run the exit step, which has nothing to do: this is no end of a container.
    started.kill();
    const { failure, tolerated } = outcome;
    const { argv, environment, workingDir } = plan.process;
    throw describeLaunchFailure({
      program,
      failure,
      tolerated,
      command: argv[0] ?? "",
      searchPath: searchPath(environment),
      workingDir,
      layers: [paths.upper, ...options.layers],
      mounts: plannedMountFacts(plan.mounts),
    });
  }
  const client = ours?.take();
  return { initPid: outcome.pid, launch: started, client };
}
