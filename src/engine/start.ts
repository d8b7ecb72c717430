import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { planBirth } from "../container/birth/plan-birth.ts";
import type { BirthPlan, NamespacePlan } from "../container/birth/plan.ts";
import type { ContainerConfig } from "../container/config.ts";
import { cgroupLimits, deviceRules } from "../container/limits.ts";
import { currentBootId } from "../container/run-state.ts";
import { type Started, startContainer } from "../container/start.ts";
import { ConflictError, EngineError } from "../errors.ts";
import { findImage, isDirectoryReference } from "../image/resolve.ts";
import { type OwnedFd, openForReading } from "../kernel/descriptors.ts";
import { lockFolder } from "../kernel/folder-lock.ts";
import type { TerminalSize } from "../kernel/launch/sequences/pty.ts";
import { openNetworkNamespace } from "../kernel/netns.ts";
import { removeTree } from "../kernel/remove-tree.ts";
import { formatIpv4 } from "../lib/ipv4.ts";
import type { Endpoint, NamespaceChoice, NetworkDriver } from "../network/driver.ts";
import { hostsFile } from "../network/hosts-file.ts";
import { openNetwork } from "../network/open-network.ts";
import { readHostResolvConf, readOwnResolvConf } from "../network/host-dns.ts";
import { containerResolvConf, hostNetworkResolvConf } from "../network/resolv-conf.ts";
import { getContainer, markStarted, markStartFailed } from "../store/containers.ts";
import { releaseLeases } from "../store/leases.ts";
import { currentOwner } from "../store/owner.ts";
import type { Container, EngineContext } from "./context.ts";
import { makeSharedFolders } from "./context.ts";
import { finishContainer } from "./finish.ts";
import { networkContext } from "./network-context.ts";
import { statusOf } from "./status.ts";

const OWNER_ONLY = 0o700;
const WORLD_READABLE = 0o644;

export interface StartRequest {
  /** Whether the caller attaches, from before the first byte of output. */
  readonly attach: boolean;
  readonly terminalSize?: TerminalSize | undefined;
  /** The image's layers, where the caller knows them already. */
  readonly layers?: readonly string[];
}

/** A container that was started, and what its user should know. */
export interface StartResult extends Started {
  readonly warnings: readonly string[];
}

/**
 * Starts a container.
 *
 * @returns `undefined` when it runs already
 * @throws {EngineError} when it cannot be started. Then it is as it was before, with the reason in its row.
 */
export async function startById(
  context: EngineContext,
  id: string,
  request: StartRequest,
): Promise<StartResult | undefined> {
  finishContainer(context, id);
  using lock = lockFolder(context.paths(id).folder, { wait: true });
  const container = getContainer(context.database, id) as Container | undefined;
  if (!lock || !container) throw new ConflictError(`Container ${id} has been removed`);
  const { stage } = statusOf(context, container);
  if (stage === "running" || stage === "starting") return undefined;
  return await startLocked(context, container, request);
}

async function startLocked(
  context: EngineContext,
  container: Container,
  request: StartRequest,
): Promise<StartResult> {
  const { config, id } = container;
  const { database, cgroups } = context;
  makeSharedFolders(context.roots);
  using undo = new DisposableStack();
  using network = await openNetwork(config.host.networkMode, networkContext(context));
  const warnings = [...network.prepare()];
  using cgroup = cgroups.create(id, {
    limits: cgroupLimits(config.host.resources),
    devices: deviceRules(config.host),
  });
  undo.defer(() => cgroup.cgroup.remove());
  warnings.push(...cgroup.warnings);
  const endpoint = announce(context, container, network);
  undo.defer(() => releaseLeases(database, id));
  try {
    prepareFolders(context, config, { endpoint, network });
    undo.defer(() => removeTree(context.paths(id).runFolder));
    using namespace = joinedNamespace(network.namespace());
    using shimPlacement = cgroups.shimPlacement();
    const { plan, layers } = await planFor(context, config, {
      ...request,
      network,
      joinPaths: cgroup.joinPaths,
    });
    const started = startContainer({
      config,
      plan,
      paths: context.paths(id),
      layers,
      cgroup,
      shimPlacement,
      networkNamespace: namespace,
      connect: endpoint ? (pid) => connect(network, id, pid) : undefined,
      attach: request.attach,
      exitStep: context.exitStep(id),
    });
    undo.move();
    return { ...started, warnings };
  } catch (cause) {
    const exitCode = cause instanceof EngineError && cause.exitCode > 125 ? cause.exitCode : 128;
    const error = cause instanceof Error ? cause.message : String(cause);
    undo.dispose();
    markStartFailed(database, id, { exitCode, error });
    throw cause;
  }
}

/** Says in one transaction that this command starts the container, and which address it gets. */
function announce(
  { database }: EngineContext,
  { id }: Container,
  network: NetworkDriver,
): Endpoint | undefined {
  const start = { startedAt: new Date().toISOString(), bootId: currentBootId(), owner: currentOwner() };
  return database
    .transaction(() => {
      markStarted(database, id, start);
      return network.lease(id);
    })
    .immediate();
}

function connect(network: NetworkDriver, id: string, initPid: number): void {
  using namespace = openNetworkNamespace(initPid);
  network.attach(id, namespace.fd);
}

function joinedNamespace(choice: NamespaceChoice): OwnedFd | undefined {
  return choice.kind === "join" ? openForReading(`/proc/${choice.pid}/ns/net`) : undefined;
}

/** What the plan says of the network namespace. */
export function networkPlan(choice: NamespaceChoice): NamespacePlan["network"] {
  return choice.kind === "join"
    ? { kind: "join", path: `/proc/${choice.pid}/ns/net` }
    : { kind: choice.kind };
}

/** Plans the birth of a container that is made. */
export async function planFor(
  context: EngineContext,
  config: ContainerConfig,
  given: {
    readonly network: NetworkDriver;
    readonly joinPaths: readonly string[];
    readonly terminalSize?: TerminalSize | undefined;
    readonly layers?: readonly string[];
  },
): Promise<{ plan: BirthPlan; layers: readonly string[] }> {
  const { roots, database, cgroups } = context;
  const layers = given.layers ?? findImage(database, roots.data, config.imageId).layerDirectories;
  const plan = await planBirth(config, {
    roots,
    paths: context.paths(config.id),
    layers,
    isFolder: isDirectoryReference(config.imageId),
    network: networkPlan(given.network.namespace()),
    layout: cgroups.layout,
    joinPaths: given.joinPaths,
    ...(given.terminalSize ? { terminalSize: given.terminalSize } : {}),
  });
  return { plan, layers };
}

/** The run folder, empty, and the files that depend on the address. */
function prepareFolders(
  context: EngineContext,
  config: ContainerConfig,
  { endpoint, network }: { endpoint: Endpoint | undefined; network: NetworkDriver },
): void {
  const paths = context.paths(config.id);
  const { host } = config;
  removeTree(paths.runFolder);
  mkdirSync(paths.runFolder, { mode: OWNER_ONLY });
  if (host.autoRemove) {
    // A volatile overlay refuses a work folder that was in use before.
    removeTree(paths.work);
    mkdirSync(paths.work, { mode: OWNER_ONLY });
  }
  for (const mount of host.mounts) {
    if (mount.type === "bind" && mount.createSource) makeSource(mount.source);
  }
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: WORLD_READABLE });
  write(paths.hostname, `${config.hostname}\n`);
  write(paths.hosts, hostsText(config, endpoint));
  write(paths.resolvConf, resolvConfText(config, network));
}

/** `-v` makes a missing folder; what is there already is left as it is, a file too. */
function makeSource(path: string): void {
  if (existsSync(path)) return;
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const code = String((cause as { code?: unknown }).code);
    throw new EngineError(`Cannot make the folder "${path}" for a bind mount: ${code}`, {
      cause,
      hint: "Make it yourself, or name a source that exists",
    });
  }
}

function hostsText({ hostname, domainname, host }: ContainerConfig, endpoint: Endpoint | undefined): string {
  const isHost = host.networkMode === "host";
  if (isHost && host.extraHosts.length === 0) return readOrEmpty("/etc/hosts");
  return hostsFile({
    hostname,
    domainname,
    address: endpoint && formatIpv4(endpoint.address),
    gateway: isHost ? "127.0.0.1" : endpoint && formatIpv4(endpoint.gateway),
    extraHosts: host.extraHosts,
  });
}

function resolvConfText({ host }: ContainerConfig, network: NetworkDriver): string {
  return network.kind === "host"
    ? hostNetworkResolvConf(readOwnResolvConf(), host)
    : containerResolvConf(readHostResolvConf(), host);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
