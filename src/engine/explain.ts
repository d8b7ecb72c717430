import type { CreateRequest } from "../container/config.ts";
import { birthProgram } from "../container/birth/birth-program.ts";
import { execProgram } from "../container/birth/exec-program.ts";
import { streamOptions } from "../container/start.ts";
import { placeholderStreams } from "../container/streams.ts";
import { explainProgram } from "../kernel/launch/explain.ts";
import { Inherited, type Program } from "../kernel/launch/program.ts";
import type { PullProgress } from "../image/progress.ts";
import { openNetwork } from "../network/open-network.ts";
import { findContainer } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { provideImage, resolveConfig } from "./create.ts";
import { planExec } from "./exec.ts";
import { networkContext } from "./network-context.ts";
import { planFor } from "./start.ts";
import { requireRunning } from "./status.ts";
import type { ExecRequest } from "./types.ts";

/** Stands for the ID that a container would get. */
const SAMPLE_ID = "0123456789ab".padEnd(64, "0");

const placeholder = (text: string) => new Inherited(-1, text, false);

/** The calls that a `run` would make, each with its reason. Nothing is made; an image that is missing is pulled. */
export async function explainRun(
  context: EngineContext,
  request: CreateRequest,
  progress?: PullProgress,
): Promise<string[]> {
  const image = await provideImage(context, request, progress);
  const config = resolveConfig(context, request, { id: SAMPLE_ID, image });
  using network = await openNetwork(config.host.networkMode, networkContext(context));
  const cgroup = context.cgroups.open(config.id);
  const { plan } = await planFor(context, config, {
    network,
    joinPaths: cgroup.joinPaths,
    layers: image.layerDirectories,
  });
  const program = birthProgram(plan, {
    ...placeholderStreams(streamOptions(config, true)),
    ...(cgroup.unified ? { cgroup: placeholder("its own cgroup") } : {}),
    ...(network.kind === "bridge" ? { go: placeholder("go pipe") } : {}),
    ...(plan.namespaces.network.kind === "join" ? { network: placeholder("network namespace") } : {}),
  });
  return format(program);
}

/** The calls that an `exec` would make. */
export async function explainExec(
  context: EngineContext,
  reference: string,
  request: ExecRequest,
): Promise<string[]> {
  const container = findContainer(context.database, reference) as Container;
  const { pid } = requireRunning(context, container);
  const plan = await planExec(context, container, { pid, request });
  const { tty, stdin, detach } = request;
  const program = execProgram(plan, {
    ...placeholderStreams({ tty, stdin, stdinOnce: true, output: !detach }),
    target: placeholder("the container's init"),
    ...(context.cgroups.open(container.id).unified ? { cgroup: placeholder("the container's cgroup") } : {}),
  });
  return format(program);
}

function format(program: Program): string[] {
  const steps = explainProgram(program);
  const digits = String(steps.length).length;
  return steps.flatMap(({ number, who, call, why }) => {
    const head = `${String(number).padStart(digits)}  ${who === "shim" ? "shim " : "child"}  ${call}`;
    const indent = " ".repeat(digits + 9);
    return [head, `${indent}# ${why}`];
  });
}
