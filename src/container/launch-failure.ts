import { EngineError, type EngineErrorOptions, ProcessStartError, UnsupportedError } from "../errors.ts";
import { formatOperation, stepCount, stepNumber } from "../kernel/launch/explain.ts";
import type { Operation, Program } from "../kernel/launch/program.ts";
import type { LaunchFailure } from "../kernel/launch/spawn.ts";
import { collectExecFacts, diagnoseExec } from "./exec-diagnosis.ts";

/** What is known of a program that ended before the container's own did. */
export interface FailedLaunch {
  readonly program: Program;
  readonly failure: LaunchFailure;
  readonly tolerated: readonly LaunchFailure[];
  /** argv[0] as it was given. */
  readonly command: string;
  readonly searchPath: string;
  readonly workingDir: string;
  /** The layers, top first, the upper included: where the reason is looked for. */
  readonly layers: readonly string[];
}

/** Errors for which the kernel lacks what was asked. */
const UNSUPPORTED = new Set(["ENOSYS", "ENODEV", "EOPNOTSUPP"]);

/**
 * Says why a container did not start: `Cannot mount proc: EPERM (step 14 of 180)`, or for the last step why its command
 * cannot be executed.
 */
export function describeLaunchFailure(launch: FailedLaunch): EngineError {
  const { program, failure } = launch;
  const { index, errno } = failure;
  if (index === "clone") return cloneFailed(errno);
  const operation = [...program.before, ...program.child][index];
  if (operation === undefined) return new EngineError(`Cannot start the container: ${errno}`);
  if (operation.kind === "syscall" && operation.name === "execve") return commandFailed(launch);
  const step = `step ${stepNumber(program, index)} of ${stepCount(program)}`;
  const subject = "subject" in operation && operation.subject ? ` ${operation.subject}` : "";
  const message = `Cannot start the container: ${verbOf(operation)}${subject}: ${errno} (${step})`;
  const options = { hint: hintFor(operation, errno) };
  if (isPlace(operation) && (errno === "ENOTDIR" || errno === "ELOOP")) return placeRefused(operation, errno);
  return UNSUPPORTED.has(errno) ? new UnsupportedError(message, options) : new EngineError(message, options);
}

function verbOf(operation: Operation): string {
  return operation.kind === "syscall" ? operation.name : operation.kind;
}

function isPlace(operation: Operation): boolean {
  return operation.kind === "syscall" && operation.name === "openat2";
}

/** A link or a file where a folder has to be: the image's doing, or the user's. */
function placeRefused(operation: Operation, errno: string): EngineError {
  const place = "subject" in operation ? operation.subject : "";
  const state = errno === "ELOOP" ? "a symbolic link is in the way" : "a file is where a folder must be";
  const options: EngineErrorOptions = { hint: "Use an image with a real folder there, or another target" };
  if ("why" in operation && operation.why.includes("working folder")) {
    return new ProcessStartError(`Cannot enter the working folder ${place}: ${state}`, {
      ...options,
      exitCode: 127,
    });
  }
  return new EngineError(`Cannot use ${place} inside the container: ${state}`, options);
}

function cloneFailed(errno: string): EngineError {
  const hints: Record<string, string> = {
    EPERM: "Run mini-docker as root, outside of a container that forbids namespaces",
    EAGAIN: "The limit of processes is reached: end some, or raise pids.max of this session",
    ENOSPC: "The limit of namespaces is reached: see /proc/sys/user/max_*_namespaces",
    EINVAL: "The kernel lacks a kind of namespace: see the requirements in README.md",
    ENOSYS: "The kernel is too old, or a seccomp filter around mini-docker denies clone3",
  };
  return new EngineError(`Cannot start the container: clone3: ${errno}`, { hint: hints[errno] });
}

function hintFor(operation: Operation, errno: string): string | undefined {
  if (operation.kind !== "syscall") return undefined;
  if (operation.name === "mount" && operation.subject.startsWith("overlay")) {
    if (errno === "ENODEV") return "Run: modprobe overlay";
    if (errno === "EINVAL")
      return "The data root's file system may not be able to hold an overlay's upper folder; choose another with --root";
    if (errno === "ENOSPC") return "The data root's file system is full";
  }
  if (errno === "EPERM") return "Run mini-docker as root, with CAP_SYS_ADMIN";
  if (errno === "ENOSPC")
    return "A file system or a limit of the kernel is full: see df, df -i and /proc/sys/fs/mount-max";
  return `The call was: ${formatOperation(operation).slice(0, 200)}`;
}

/**
 * The command itself. Every place in PATH was tried; the error that says most is the one that is told: a file which
 * cannot be executed says more than one that is not there.
 */
function commandFailed({
  failure,
  tolerated,
  command,
  searchPath,
  workingDir,
  layers,
}: FailedLaunch): EngineError {
  const telling =
    [...tolerated, failure].find(({ errno }) => errno !== "ENOENT" && errno !== "ENOTDIR") ?? failure;
  return diagnoseExec(collectExecFacts({ command, code: telling.errno, searchPath, workingDir, layers }));
}
