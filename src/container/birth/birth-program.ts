import { ProgramBuilder } from "../../kernel/launch/builder.ts";
import { room } from "../../kernel/launch/data.ts";
import type { Inherited, Program, Register } from "../../kernel/launch/program.ts";
import { Symbolic } from "../../kernel/launch/program.ts";
import {
  dieWithParent,
  newSessionKeyring,
  takeIdentity,
  unblockSignals,
} from "../../kernel/launch/sequences/identity.ts";
import { setHostname } from "../../kernel/launch/sequences/names.ts";
import { joinCgroups, setOomScore } from "../../kernel/launch/sequences/cgroups.ts";
import { sendNetlink } from "../../kernel/launch/sequences/netlink.ts";
import { writeText } from "../../kernel/launch/sequences/paths.ts";
import { closeOthersOnExec, execute, setStdio, waitForGo } from "../../kernel/launch/sequences/process.ts";
import { controlTerminal, openTerminal } from "../../kernel/launch/sequences/pty.ts";
import { AT_FDCWD, cloneFlags, type CloneName } from "../../kernel/launch/symbols.ts";
import { attachFiles, attachMounts, prepareFiles, prepareMounts } from "./mounts.ts";
import { giveTo } from "./exec-program.ts";
import type { BirthPlan, NamespacePlan } from "./plan.ts";
import { enterRootfs, hideFolders, mountRootfs, separateMounts } from "./rootfs.ts";
import { mountConsole, mountSystem, restrictSystem, type SystemFolders, writeSysctls } from "./system.ts";
import { enterWorkingDir, makeWorkingDir } from "./working-dir.ts";

/** The descriptors a birth takes from the engine. */
export interface BirthDescriptors {
  /** The cgroup to be born in, cgroup version 2. */
  readonly cgroup?: Inherited;
  /** The shims' cgroup, where the caller's would end with its session. */
  readonly shimCgroup?: Inherited;
  /** Read until the engine has set up the network; absent when there is nothing to wait for. */
  readonly go?: Inherited;
  /** The container's ends of its standard streams, without a terminal. */
  readonly stdin?: Inherited;
  readonly stdout?: Inherited;
  readonly stderr?: Inherited;
  /** The socket on which the pty's master goes to the shim, with a terminal. */
  readonly pty?: Inherited;
  /** A network namespace to join. */
  readonly network?: Inherited;
}

/** Writes the program of a container's birth. Its order is the order of docs/architecture.md. */
export function birthProgram(plan: BirthPlan, descriptors: BirthDescriptors): Program {
  const b = new ProgramBuilder();
  b.beforeClone(() => leaveSession(b, plan, descriptors.shimCgroup));
  b.clone(cloneFlags(...newNamespaces(plan.namespaces)), descriptors.cgroup);
  joinCgroups(b, plan.cgroup.joinPaths);
  if (plan.oomScoreAdj !== undefined) setOomScore(b, plan.oomScoreAdj);
  enterNamespaces(b, plan.namespaces, descriptors.network);
  b.call("setsid", [], {
    why: "a session of its own: no terminal of the host reaches it",
    subject: "the session",
  });
  dieWithParent(b);
  newSessionKeyring(b, `_ses.${plan.id}`);

  const files = prepareFiles(b, plan);
  const mounts = prepareMounts(b, plan);
  separateMounts(b);
  const root = mountRootfs(b, plan.rootfs);
  hideFolders(b, root, plan.rootfs);
  const folders = mountSystem(b, root, plan);
  writeSysctls(b, folders.proc, plan.sysctls);
  attachFiles(b, root, files, { readOnly: plan.rootfs.readOnly });
  attachMounts(b, root, mounts);
  // After the user's mounts: what is to be hidden of /sys stays hidden if that is one of them.
  restrictSystem(b, root, folders, plan);

  setHostname(b, plan);
  if (plan.loopbackRequest) sendNetlink(b, plan.loopbackRequest, "the loopback device is up");
  const terminal = openStdio(b, plan, { descriptors, folders });
  if (descriptors.go) {
    waitForGo(b, descriptors.go, room(1, "byte"), "the engine sets up the network from outside meanwhile");
  }
  makeWorkingDir(b, root, plan.process.workingDir);
  enterRootfs(b, root, plan.rootfs);
  enterWorkingDir(b, root, plan.process.workingDir);
  startProcess(b, plan, terminal);
  return b.build();
}

/** A login session's end kills what is in its cgroup: the shim, and with it the container, must not be. */
function leaveSession(b: ProgramBuilder, plan: BirthPlan, shimCgroup: Inherited | undefined): void {
  const why = "out of the caller's session, whose end would end the container";
  if (shimCgroup) writeText(b, { dir: shimCgroup, path: "cgroup.procs", text: "0" }, { why });
  for (const path of plan.shimJoinPaths ?? []) writeText(b, { dir: AT_FDCWD, path, text: "0" }, { why });
}

function newNamespaces(namespaces: NamespacePlan): CloneName[] {
  const names: CloneName[] = ["NEWNS"];
  if (namespaces.pid) names.push("NEWPID");
  if (namespaces.uts) names.push("NEWUTS");
  if (namespaces.ipc) names.push("NEWIPC");
  if (namespaces.time) names.push("NEWTIME");
  if (namespaces.network.kind === "new") names.push("NEWNET");
  return names;
}

function enterNamespaces(b: ProgramBuilder, namespaces: NamespacePlan, network: Inherited | undefined): void {
  if (network) {
    b.call("setns", [network, cloneFlags("NEWNET")], {
      why: "the network of another container",
      subject: network.text,
    });
  }
  if (namespaces.cgroup) {
    b.call("unshare", [cloneFlags("NEWCGROUP")], {
      why: "the cgroup joined above becomes the root of what the container sees",
      subject: "the cgroup namespace",
    });
  }
}

function openStdio(
  b: ProgramBuilder,
  plan: BirthPlan,
  given: { readonly descriptors: BirthDescriptors; readonly folders: SystemFolders },
): Register | undefined {
  const { descriptors, folders } = given;
  const { uid } = plan.process.identity;
  if (!plan.terminal) {
    const streams = [descriptors.stdin, descriptors.stdout, descriptors.stderr];
    if (uid !== 0) for (const stream of streams) if (stream) giveTo(b, stream, uid);
    setStdio(b, streams);
    return undefined;
  }
  const { size } = plan.terminal;
  const slave = openTerminal(b, folders.devpts, { shim: descriptors.pty!, ...(size ? { size } : {}) });
  if (uid !== 0) giveTo(b, slave, uid);
  mountConsole(b, folders.dev, slave);
  setStdio(b, [slave, slave, slave]);
  return slave;
}

function startProcess(b: ProgramBuilder, plan: BirthPlan, terminal: Register | undefined): void {
  const { identity, init, candidates, argv, environment } = plan.process;
  if (terminal) controlTerminal(b, 0);
  takeIdentity(b, identity);
  if (init) {
    b.becomeInit("a small init stays as process 1: it reaps what is orphaned and hands signals on");
    b.call("setpgid", [0, 0], {
      why: "signals of the terminal go to the program alone",
      subject: "the process group",
    });
    if (terminal) takeForeground(b);
    dieWithParent(b);
  }
  unblockSignals(b);
  closeOthersOnExec(b);
  execute(b, candidates, { argv, environment });
}

function takeForeground(b: ProgramBuilder): void {
  const group = room(4, "group");
  const pid = b.callFor("pid", "getpid", [], { why: "the number of its group", subject: "the process" });
  b.store(pid, group, 0, "as the call below takes it");
  const request = new Symbolic(0x5410, "TIOCSPGRP");
  b.call("ioctl", [0, request, group], {
    why: "its group is in the foreground",
    subject: "the pty",
    tolerate: "any",
  });
}
