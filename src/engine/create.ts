import { mkdirSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { isKeptProc } from "../container/birth/system-paths.ts";
import type { ContainerConfig, CreateRequest, HostConfig, Mount } from "../container/config.ts";
import { checkResources } from "../container/limits.ts";
import { signalName, parseSignal } from "../container/signals.ts";
import { ConflictError, NotFoundError, UsageError } from "../errors.ts";
import { findImage, isDirectoryReference, type ResolvedImage } from "../image/resolve.ts";
import type { PullProgress } from "../image/progress.ts";
import { parseReference } from "../spec/reference.ts";
import { randomName } from "../lib/random-name.ts";
import { findContainer, insertContainer, markCreated } from "../store/containers.ts";
import { currentOwner } from "../store/owner.ts";
import { type EngineContext, makeSharedFolders } from "./context.ts";
import { discard, reconcile } from "./finish.ts";
import type { Created } from "./types.ts";

const DEFAULT_STOP_SIGNAL = "SIGTERM";
const DEFAULT_STOP_SECONDS = 10;
const ID_BYTES = 32;
const SHORT_ID = 12;
/** The kernel's __NEW_UTS_LEN. */
const HOSTNAME_MAX = 64;
const NAME_ATTEMPTS = 8;
const UPPER_MODE = 0o755;
const OWNER_ONLY = 0o700;

/** A container that was made, and the image it was made from. */
export interface Making {
  readonly config: ContainerConfig;
  readonly image: ResolvedImage;
  readonly warnings: readonly string[];
}

/** Makes a container that can be started. */
export async function createContainer(
  context: EngineContext,
  request: CreateRequest,
  progress?: PullProgress,
): Promise<Created> {
  const { config, warnings } = await makeContainer(context, request, progress);
  markCreated(context.database, config.id);
  return { id: config.id, warnings };
}

/**
 * Makes a container up to the point where it could be started: its row says `creating` still, and it goes if this
 * command does.
 */
export async function makeContainer(
  context: EngineContext,
  request: CreateRequest,
  progress?: PullProgress,
): Promise<Making> {
  const image = await provideImage(context, request, progress);
  const id = crypto.getRandomValues(new Uint8Array(ID_BYTES)).toHex();
  const config = resolveConfig(context, request, { id, image });
  await checkRequest(context, config, request);
  makeSharedFolders(context.roots);
  const named = record(context, config, request.name !== undefined);
  try {
    makeFolders(context, named);
  } catch (cause) {
    discard(context, named);
    throw cause;
  }
  return { config: named, image, warnings: [] };
}

/** Finds the image, and pulls it first where the request says so. */
export async function provideImage(
  context: EngineContext,
  request: CreateRequest,
  progress?: PullProgress,
): Promise<ResolvedImage> {
  const { image: reference, pull, platform } = request;
  const { database, roots } = context;
  const find = () => findImage(database, roots.data, reference);
  if (isDirectoryReference(reference)) return find();
  if (pull !== "always") {
    try {
      const found = find();
      if (platform === undefined || found.platform === platform || pull === "never") return found;
    } catch (cause) {
      if (!(cause instanceof NotFoundError) || pull === "never") throw cause;
      parseReference(reference); // What is no name is not looked for elsewhere.
      progress?.message(`Unable to find image '${reference}' locally`);
    }
  }
  const { pullImage } = await import("./pull.ts");
  const options = {
    insecureRegistries: [],
    ...(platform ? { platform } : {}),
    ...(progress ? { progress } : {}),
  };
  await pullImage(context, reference, options);
  return find();
}

/** Fills the request's gaps from the image and the defaults. */
export function resolveConfig(
  context: EngineContext,
  request: CreateRequest,
  { id, image }: { readonly id: string; readonly image: ResolvedImage },
): ContainerConfig {
  const { config } = image;
  const entrypoint = request.entrypoint ?? config.Entrypoint ?? [];
  // An entrypoint of the user's own has nothing to do with the image's command.
  const imageCmd = request.entrypoint === undefined ? (config.Cmd ?? []) : [];
  const cmd = request.cmd.length > 0 ? request.cmd : imageCmd;
  if (entrypoint.length + cmd.length === 0) {
    throw new UsageError("no command specified", {
      hint: "Give a command after the image's name: it has none of its own",
    });
  }
  const stopSignal = signalName(parseSignal(request.stopSignal ?? config.StopSignal ?? DEFAULT_STOP_SIGNAL));
  return {
    id,
    name: request.name ?? randomName(),
    createdAt: new Date().toISOString(),
    image: request.image,
    imageId: image.id,
    process: {
      entrypoint,
      cmd,
      env: mergeEnvironment(config.Env ?? [], request.env),
      workingDir: request.workingDir ?? (config.WorkingDir || "/"),
      user: request.user ?? config.User ?? "",
      tty: request.tty,
      openStdin: request.openStdin,
      stdinOnce: request.stdinOnce,
    },
    hostname: request.hostname ?? (request.host.networkMode === "host" ? hostName() : id.slice(0, SHORT_ID)),
    domainname: request.domainname ?? "",
    labels: { ...config.Labels, ...request.labels },
    stopSignal,
    stopTimeoutSeconds: request.stopTimeoutSeconds ?? DEFAULT_STOP_SECONDS,
    host: { ...request.host, networkMode: resolveNetwork(context, request) },
  };
}

/** `NAME` alone takes the caller's value; where the caller has none, the image's is taken away. */
function mergeEnvironment(image: readonly string[], asked: readonly string[]): string[] {
  const unset = new Set(asked.filter((pair) => !pair.includes("=") && process.env[pair] === undefined));
  const kept = image.filter((pair) => !unset.has(pair.slice(0, pair.indexOf("="))));
  const given = asked.filter((pair) => !unset.has(pair));
  return [...kept, ...given.map((pair) => (pair.includes("=") ? pair : `${pair}=${process.env[pair]}`))];
}

function hostName(): string {
  return readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
}

/** A container to share a network with is kept by its ID: its name may come to mean another. */
function resolveNetwork(
  context: EngineContext,
  { host }: CreateRequest,
): ContainerConfig["host"]["networkMode"] {
  const { networkMode } = host;
  if (!networkMode.startsWith("container:")) return networkMode;
  return `container:${findContainer(context.database, networkMode.slice("container:".length)).id}`;
}

/** Refuses what cannot be, before anything is made. */
async function checkRequest(
  context: EngineContext,
  config: ContainerConfig,
  request: CreateRequest,
): Promise<void> {
  const { host, process } = config;
  checkResources(host.resources);
  if (!isAbsolute(process.workingDir)) {
    throw new UsageError(
      `the working directory '${process.workingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  for (const mount of host.mounts) checkMount(mount, host.mounts);
  checkNamespaces(host, request);
  const { openNetwork } = await import("../network/open-network.ts");
  const { networkContext } = await import("./network-context.ts");
  using network = await openNetwork(host.networkMode, networkContext(context));
  network.validate({
    hostname: request.hostname,
    dns: host.dns,
    dnsSearch: host.dnsSearch,
    dnsOptions: host.dnsOptions,
    extraHosts: host.extraHosts,
  });
}

function checkMount(mount: Mount, all: readonly Mount[]): void {
  if (!isAbsolute(mount.target)) {
    throw new UsageError(`invalid mount path: '${mount.target}' mount path must be absolute`);
  }
  if (mount.target.split("/").filter(Boolean).length === 0) {
    throw new UsageError("invalid specification: destination can't be '/'");
  }
  if (isKeptProc(mount.target)) {
    throw new UsageError(`Cannot mount at ${mount.target}: it is inside /proc`, {
      hint: "Choose a target outside of /proc, such as /host/proc",
    });
  }
  if (all.filter(({ target }) => target === mount.target).length > 1) {
    throw new UsageError(`Duplicate mount point: ${mount.target}`);
  }
}

/** A setting of a namespace that is the machine's own would change the machine. */
function checkNamespaces(
  { sysctls, networkMode, ipcMode, utsMode }: HostConfig,
  request: CreateRequest,
): void {
  for (const name of Object.keys(sysctls)) {
    const isNetwork = name.startsWith("net.");
    const isHosts = isNetwork ? networkMode === "host" : ipcMode === "host";
    if (!isHosts) continue;
    const kind = isNetwork ? "network" : "ipc";
    throw new UsageError(`sysctl '${name}' is not allowed in the host's ${kind} namespace`);
  }
  if (utsMode === "host" && (request.hostname !== undefined || request.domainname !== undefined)) {
    throw new UsageError("conflicting options: hostname and the UTS mode");
  }
  for (const name of [request.hostname, request.domainname]) {
    if (name === undefined || Buffer.byteLength(name) <= HOSTNAME_MAX) continue;
    throw new UsageError(`invalid hostname ${name}: longer than ${HOSTNAME_MAX} bytes`);
  }
}

/** Inserts the row; a name of our own choice is chosen again when it is taken. */
function record(context: EngineContext, config: ContainerConfig, isNamed: boolean): ContainerConfig {
  let isReconciled = false;
  for (let attempt = 1; ; attempt++) {
    const named = attempt === 1 || isNamed ? config : { ...config, name: randomName(attempt) };
    try {
      insert(context, named);
      return named;
    } catch (cause) {
      if (!(cause instanceof ConflictError) || attempt === NAME_ATTEMPTS) throw cause;
      if (isNamed && isReconciled) throw cause;
      // Who has the name may be a container that was to be removed at its end, and has not been yet.
      reconcile(context);
      isReconciled = true;
    }
  }
}

function insert({ database }: EngineContext, config: ContainerConfig): void {
  insertContainer(database, {
    id: config.id,
    name: config.name,
    imageId: config.imageId,
    createdAt: config.createdAt,
    autoRemove: config.host.autoRemove,
    owner: currentOwner(),
    config: JSON.stringify(config),
  });
}

function makeFolders(context: EngineContext, { id }: ContainerConfig): void {
  const paths = context.paths(id);
  mkdirSync(paths.folder, { mode: OWNER_ONLY });
  // The upper folder's own mode is that of the container's root.
  mkdirSync(paths.upper, { mode: UPPER_MODE });
  mkdirSync(paths.work, { mode: OWNER_ONLY });
  mkdirSync(paths.logFolder, { mode: OWNER_ONLY });
}
