import { readlinkSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { ExecPlan } from "../container/birth/exec-program.ts";
import { processEnvironment, searchPath } from "../container/birth/plan-birth.ts";
import { execInContainer } from "../container/exec.ts";
import { commandCandidates } from "../container/exec-diagnosis.ts";
import { processIdentity, readAccountFiles } from "../container/process-identity.ts";
import { ConflictError, UsageError } from "../errors.ts";
import { openFolder, openProcess } from "../kernel/descriptors.ts";
import type { CloneName } from "../kernel/launch/symbols.ts";
import { findContainer } from "../store/containers.ts";
import { attachStreams, callersTerminal, exitCodeAfter } from "./attach.ts";
import type { Container, EngineContext } from "./context.ts";
import { requireRunning } from "./status.ts";
import type { ExecRequest } from "./types.ts";

const NAMESPACES: readonly (readonly [file: string, name: CloneName])[] = [
  ["mnt", "NEWNS"],
  ["pid", "NEWPID"],
  ["uts", "NEWUTS"],
  ["ipc", "NEWIPC"],
  ["net", "NEWNET"],
  ["cgroup", "NEWCGROUP"],
  ["time", "NEWTIME"],
];

/** Runs a command in a running container. @returns its exit code; 0 at once when detached */
export async function execCommand(
  context: EngineContext,
  reference: string,
  request: ExecRequest,
): Promise<number> {
  const container = findContainer(context.database, reference) as Container;
  const { pid } = requireRunning(context, container);
  const cgroup = context.cgroups.open(container.id);
  if (cgroup.isFrozen()) {
    throw new ConflictError(`Container ${container.name} is paused, unpause the container before exec`);
  }
  using target = openProcess(pid);
  if (!target) throw new ConflictError(`Container ${container.name} is not running`);
  using unified = cgroup.unified ? openFolder(cgroup.unified) : undefined;
  const plan = await planExec(context, container, { pid, request });
  const { tty, stdin, detach } = request;
  const running = execInContainer({
    plan,
    target,
    cgroup: unified,
    tty,
    stdin,
    detach,
    root: `/proc/${pid}/root`,
  });
  using _launch = running.launch;
  if (!running.client) return 0;
  using socket = running.client;
  const choice = { stdin, stdout: true, stderr: true, sigProxy: false, detachKeys: request.detachKeys };
  const outcome = attachStreams({ socket, pid: running.pid, tty, openStdin: stdin, choice });
  return exitCodeAfter(outcome, (code) => code);
}

/** Decides everything about a further process of a container. */
export async function planExec(
  context: EngineContext,
  { id, config }: Container,
  { pid, request }: { readonly pid: number; readonly request: ExecRequest },
): Promise<ExecPlan> {
  const { tty, detach, privileged, cmd } = request;
  const workingDir = request.workingDir ?? (config.process.workingDir || "/");
  if (!isAbsolute(workingDir)) {
    throw new UsageError(`the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  }
  const host = privileged ? { ...config.host, privileged } : config.host;
  const accounts = readAccountFiles([`/proc/${pid}/root`]);
  const user = request.user ?? config.process.user;
  const { identity, home } = await processIdentity({ user, host, accounts });
  const asked = [...config.process.env, ...request.env];
  const environment = processEnvironment(asked, { home, tty, hostname: config.hostname });
  const size = tty && !detach ? callersTerminal() : undefined;
  return {
    id,
    namespaces: foreignNamespaces(pid),
    joinPaths: context.cgroups.open(id).joinPaths,
    ...(tty ? { terminal: size ? { size } : {} } : {}),
    process: {
      argv: cmd,
      environment,
      workingDir,
      candidates: commandCandidates(cmd[0] ?? "", searchPath(environment), workingDir),
      identity,
      init: false,
    },
  };
}

/** The namespaces of a process that are not ours. @see namespaces(7) */
function foreignNamespaces(pid: number): CloneName[] {
  const read = (owner: string | number, file: string) => {
    try {
      return readlinkSync(`/proc/${owner}/ns/${file}`);
    } catch {
      return undefined; // A kind that this kernel does not have.
    }
  };
  return NAMESPACES.flatMap(([file, name]) => (read(pid, file) === read("self", file) ? [] : [name]));
}
