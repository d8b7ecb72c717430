import { ProgramBuilder } from "../../kernel/launch/builder.ts";
import { cString } from "../../kernel/launch/data.ts";
import { type Inherited, type Program, type Register, Symbolic } from "../../kernel/launch/program.ts";
import { joinCgroups } from "../../kernel/launch/sequences/cgroups.ts";
import {
  dieWithParent,
  newSessionKeyring,
  takeIdentity,
  unblockSignals,
} from "../../kernel/launch/sequences/identity.ts";
import { closeOthersOnExec, execute, setStdio } from "../../kernel/launch/sequences/process.ts";
import { controlTerminal, openTerminal, type TerminalSize } from "../../kernel/launch/sequences/pty.ts";
import { AT_FDCWD, cloneFlags, type CloneName, openFlags } from "../../kernel/launch/symbols.ts";
import type { ProcessPlan } from "./plan.ts";
import { enterWorkingDir } from "./working-dir.ts";

/** A further process in a container that runs. */
export interface ExecPlan {
  readonly id: string;
  /** Namespaces of the container that differ from the host's. */
  readonly namespaces: readonly CloneName[];
  /** Version 1 cgroups to join. */
  readonly joinPaths: readonly string[];
  readonly terminal?: { readonly size?: TerminalSize };
  readonly process: ProcessPlan;
}

export interface ExecDescriptors {
  /** A pidfd of the container's init: its namespaces are joined through it. */
  readonly target: Inherited;
  readonly cgroup?: Inherited;
  readonly stdin?: Inherited;
  readonly stdout?: Inherited;
  readonly stderr?: Inherited;
  readonly pty?: Inherited;
}

/** Writes the program that starts a process in a running container. */
export function execProgram(plan: ExecPlan, descriptors: ExecDescriptors): Program {
  const b = new ProgramBuilder();
  const { target } = descriptors;
  const pidNamespace = plan.namespaces.includes("NEWPID");
  if (pidNamespace) {
    b.beforeClone(() => {
      const why = "the child, and not the shim, is born into the container's pid namespace";
      b.call("setns", [target, cloneFlags("NEWPID")], { why, subject: "the pid namespace" });
    });
  }
  b.clone(new Symbolic(0, "0"), descriptors.cgroup);
  joinCgroups(b, plan.joinPaths);
  const others = plan.namespaces.filter((name) => name !== "NEWPID");
  b.call("setns", [target, cloneFlags(...others)], {
    why: "the container's other namespaces; its root becomes ours",
    subject: "the namespaces",
  });
  b.call("setsid", [], { why: "a session of its own", subject: "the session" });
  dieWithParent(b);
  newSessionKeyring(b, `_ses.${plan.id}`);
  const root = b.callFor(
    "root",
    "openat",
    [AT_FDCWD, cString("/"), openFlags("PATH", "DIRECTORY", "CLOEXEC"), 0],
    {
      why: "the container's root",
      subject: "/",
    },
  );
  openStdio(b, plan, descriptors);
  enterWorkingDir(b, root, plan.process.workingDir);
  takeIdentity(b, plan.process.identity);
  unblockSignals(b);
  closeOthersOnExec(b);
  const { candidates, argv, environment } = plan.process;
  execute(b, candidates, { argv, environment });
  return b.build();
}

function openStdio(b: ProgramBuilder, plan: ExecPlan, descriptors: ExecDescriptors): void {
  const { uid } = plan.process.identity;
  if (!plan.terminal) {
    const streams = [descriptors.stdin, descriptors.stdout, descriptors.stderr];
    if (uid !== 0) for (const stream of streams) if (stream) giveTo(b, stream, uid);
    setStdio(b, streams);
    return;
  }
  const { size } = plan.terminal;
  const devpts = b.callFor(
    "devpts",
    "openat",
    [AT_FDCWD, cString("/dev/pts"), openFlags("PATH", "DIRECTORY", "CLOEXEC"), 0],
    {
      why: "the container's terminals",
      subject: "/dev/pts",
    },
  );
  const slave = openTerminal(b, devpts, { shim: descriptors.pty!, ...(size ? { size } : {}) });
  if (uid !== 0) giveTo(b, slave, uid);
  setStdio(b, [slave, slave, slave]);
  controlTerminal(b, 0);
}

/** Programs open /dev/stdout anew, which only the owner of the pipe or terminal may. */
export function giveTo(b: ProgramBuilder, stream: Inherited | Register, uid: number): void {
  const same = new Symbolic(0xffff_ffff, "-1");
  const why = "the user may open it again by its name";
  b.call("fchown", [stream, uid, same], { why, subject: stream.text, tolerate: "any" });
}
