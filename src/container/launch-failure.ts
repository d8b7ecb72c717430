import {
  EngineError,
  type EngineErrorOptions,
  PermissionError,
  ProcessStartError,
  UnsupportedError,
} from "../errors.ts";
import { formatOperation, stepCount, stepNumber } from "../kernel/launch/explain.ts";
import type { CheckOperation, Operation, Program } from "../kernel/launch/program.ts";
import type { LaunchFailure } from "../kernel/launch/spawn.ts";
import { collectExecFacts, diagnoseExec, type MountFacts } from "./exec-diagnosis.ts";

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
  readonly mounts: readonly MountFacts[];
}

/** Errors for which the kernel lacks what was asked. */
const UNSUPPORTED = new Set(["ENOSYS", "ENODEV", "EOPNOTSUPP"]);

/** Calls in words. What is not here is called by its name. */
const VERBS: Readonly<Record<string, string>> = {
  openat2: "open",
  openat: "open",
  mkdirat: "make the folder",
  mknodat: "make",
  symlinkat: "make the link",
  fchownat: "change the owner of",
  open_tree: "clone the mount of",
  move_mount: "mount",
  mount: "mount",
  fsopen: "mount",
  fsconfig: "mount",
  fsmount: "mount",
  mount_setattr: "change the mount",
  write: "write to",
  setns: "enter",
  chdir: "enter",
  fchdir: "enter",
  prlimit64: "set the limit",
  setresuid: "become",
  setresgid: "become",
  setgroups: "join the groups",
  sethostname: "set the host name",
  setdomainname: "set the domain name",
};

/** What errnos mean for the files of a birth. */
const STATES: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "a file is where a folder must be",
  EISDIR: "a folder is where a file must be",
  ELOOP: "a symbolic link is in the way",
  EEXIST: "something else is there",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOSPC: "no space left",
  ENOMEM: "not enough memory",
  EINVAL: "the kernel finds it invalid",
  ENAMETOOLONG: "the name is too long",
  ENODEV: "the kernel lacks it",
  ENOSYS: "the kernel lacks the call",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this machine",
};

/**
 * Says why a container did not start: `Cannot start the container: mount proc: operation not permitted (fsopen: EPERM,
 * step 14 of 180)`, or for the last step why its command cannot be executed.
 */
export function describeLaunchFailure(launch: FailedLaunch): EngineError {
  const { program, failure } = launch;
  const { index, errno } = failure;
  if (index === "clone") return cloneFailed(errno);
  const operation = [...program.before, ...program.child][index];
  if (operation === undefined) return new EngineError(`Cannot start the container: ${errno}`);
  if (operation.kind === "syscall" && operation.name === "execve") return commandFailed(launch);
  const known = settingRefused(operation, errno) ?? placeRefused(operation, errno);
  if (known) return known;
  if (operation.kind === "check") return checkFailed(operation);
  const { name, verb } = nameOf(operation);
  const step = `${name}: ${errno}, step ${stepNumber(program, index)} of ${stepCount(program)}`;
  const message = `Cannot start the container: ${verb}${subjectOf(operation)}: ${STATES[errno] ?? errno} (${step})`;
  const options = { hint: hintFor(operation, errno) };
  return UNSUPPORTED.has(errno) ? new UnsupportedError(message, options) : new EngineError(message, options);
}

function checkFailed({ subject, why }: CheckOperation): EngineError {
  return new EngineError(`Cannot start the container: ${subject}: ${why}`);
}

function nameOf(operation: Operation): { readonly name: string; readonly verb: string } {
  if (operation.kind !== "syscall") return { name: operation.kind, verb: operation.kind };
  return { name: operation.name, verb: VERBS[operation.name] ?? operation.name };
}

function subjectOf(operation: Operation): string {
  return "subject" in operation && operation.subject ? ` ${operation.subject}` : "";
}

const SYSCTL_PATH = /^sys\/(kernel|net|fs)\//;

/** Files under /proc in which the user's own flags are written. */
function settingRefused(operation: Operation, errno: string): EngineError | undefined {
  const path = subjectOf(operation).trim();
  if (path === "/proc/self/oom_score_adj") {
    return new PermissionError(`Cannot set --oom-score-adj: the kernel refuses it (${errno})`, {
      hint: "It takes CAP_SYS_RESOURCE to go below mini-docker's own value: ask for that one at least",
    });
  }
  if (!SYSCTL_PATH.test(path)) return undefined;
  const name = path.slice("sys/".length).replaceAll("/", ".");
  if (errno === "ENOENT") {
    return new UnsupportedError(`Cannot set sysctl ${name}: this kernel has none of that name`, {
      hint: `Look for it below /proc/sys/${name.split(".")[0]} of this machine`,
    });
  }
  return new EngineError(`Cannot set sysctl ${name}: the kernel refuses it (${errno})`, {
    hint: errno === "EINVAL" ? "Check the value: it is none that this setting takes" : undefined,
  });
}

/** Calls that find or make a place inside the container, for a mount or the working folder. */
const PLACE_CALLS = new Set(["openat2", "mkdirat", "mknodat"]);

/** A link or a file where a folder has to be, or a place where nothing can be made: the image's doing, or the user's. */
function placeRefused(operation: Operation, errno: string): EngineError | undefined {
  if (operation.kind !== "syscall" || !PLACE_CALLS.has(operation.name)) return undefined;
  const state = STATES[errno];
  if (state === undefined || errno === "ENOSPC" || errno === "EPERM") return undefined;
  const makes = operation.name !== "openat2";
  const options: EngineErrorOptions = {
    hint: makes
      ? "Nothing can be made there: choose another place"
      : "Use an image with a real folder there, or another target",
  };
  const place = operation.subject;
  if (operation.why.includes("working folder")) {
    return new ProcessStartError(`Cannot enter the working folder ${place}: ${state}`, {
      ...options,
      exitCode: 127,
    });
  }
  return new EngineError(`Cannot ${makes ? "make" : "use"} ${place} inside the container: ${state}`, options);
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
  if (operation.name === "move_mount" && errno === "EINVAL") {
    return "A folder goes on a folder and a file on a file: look at what is there";
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
  mounts,
}: FailedLaunch): EngineError {
  const telling =
    [...tolerated, failure].find(({ errno }) => errno !== "ENOENT" && errno !== "ENOTDIR") ?? failure;
  return diagnoseExec(
    collectExecFacts({ command, code: telling.errno, searchPath, workingDir, layers, mounts }),
  );
}
