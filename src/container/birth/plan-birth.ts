import { existsSync, statSync } from "node:fs";
import { EngineError, NotFoundError } from "../../errors.ts";
import type { CgroupLayout } from "../../kernel/cgroup/layout.ts";
import { hierarchies } from "../../kernel/cgroup/layout.ts";
import type { TerminalSize } from "../../kernel/launch/sequences/pty.ts";
import { loopbackUpRequest } from "../../kernel/netlink/route/link.ts";
import type { ContainerConfig, Mount } from "../config.ts";
import { commandCandidates } from "../exec-diagnosis.ts";
import { followImageLinks } from "../image-files.ts";
import { type ContainerPaths, mountPoint, type Roots } from "../paths.ts";
import { processIdentity, readAccountFiles } from "../process-identity.ts";
import { deviceNodes } from "./device-nodes.ts";
import type {
  BirthPlan,
  CgroupPlan,
  EngineFile,
  NamespacePlan,
  PlannedMount,
  ProcessPlan,
  RootfsPlan,
} from "./plan.ts";
import { isKeptProc, maskedPaths, READ_ONLY_PATHS } from "./system-paths.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Everything outside of the configuration that a birth depends on. */
export interface BirthContext {
  readonly roots: Roots;
  readonly paths: ContainerPaths;
  /** The image's layers, absolute, top first. */
  readonly layers: readonly string[];
  /** Whether the image is a folder of the machine, which may hold the engine's own state. */
  readonly isFolder: boolean;
  readonly network: NamespacePlan["network"];
  readonly layout: CgroupLayout;
  readonly joinPaths: readonly string[];
  readonly terminalSize?: TerminalSize;
}

/**
 * Decides everything about a container's birth.
 *
 * @throws {NotFoundError} for a source, device or user that does not exist; {UsageError} for what cannot be
 */
export async function planBirth(config: ContainerConfig, context: BirthContext): Promise<BirthPlan> {
  const { host } = config;
  const { layers, paths, roots } = context;
  // A container that is only explained has no upper folder.
  const tree = existsSync(paths.upper) ? [paths.upper, ...layers] : layers;
  const accounts = readAccountFiles(tree);
  const { identity, home } = await processIdentity({ user: config.process.user, host, accounts });
  const unconfined = host.privileged || host.systemPathsUnconfined;
  const uts = host.utsMode === "private";
  return {
    id: config.id,
    rootfs: planRootfs(config, context),
    namespaces: planNamespaces(config, context),
    cgroup: planCgroup(context),
    ...(uts ? { hostname: config.hostname, domainname: config.domainname } : {}),
    sysctls: Object.fromEntries(
      Object.entries(host.sysctls).map(([name, value]) => [name.replaceAll(".", "/"), value]),
    ),
    devices: deviceNodes(host),
    shmSizeBytes: host.shmSizeBytes,
    maskedPaths: unconfined ? [] : maskedPaths(),
    readOnlyPaths: unconfined ? [] : READ_ONLY_PATHS,
    writableSystem: host.privileged,
    ...planPlaces(planFiles(config, paths), host.mounts.map(planMount), tree),
    ...(host.networkMode === "none" ? { loopbackRequest: loopbackUpRequest() } : {}),
    ...(host.resources.oomScoreAdj === undefined ? {} : { oomScoreAdj: host.resources.oomScoreAdj }),
    ...(config.process.tty ? { terminal: context.terminalSize ? { size: context.terminalSize } : {} } : {}),
    process: planProcess(config, { identity, home }),
  };

  function planRootfs({ host }: ContainerConfig, { isFolder }: BirthContext): RootfsPlan {
    return {
      ...shorten(layers, roots.data),
      upper: paths.upper,
      work: paths.work,
      mountPoint: mountPoint(roots),
      volatile: host.autoRemove,
      noDevices: false,
      readOnly: host.readOnlyRootfs,
      hidden: isFolder ? hiddenFolders(layers[0]!, roots) : [],
    };
  }
}

/** Layers by their names alone, relative to the folder they are all in; other folders by their whole paths. */
function shorten(
  layers: readonly string[],
  dataRoot: string,
): { directory: string; layers: readonly string[] } {
  const directory = `${dataRoot}/layers`;
  const inStore = layers.every((path) => path.startsWith(`${directory}/`));
  if (!inStore) return { directory: "/", layers };
  return { directory, layers: layers.map((path) => path.slice(directory.length + 1)) };
}

/** The engine's folders as a container sees them whose root is a folder of the machine. */
function hiddenFolders(folder: string, { data, run }: Roots): string[] {
  const prefix = folder === "/" ? "/" : `${folder}/`;
  return [data, run].filter((path) => path.startsWith(prefix)).map((path) => `/${path.slice(prefix.length)}`);
}

function planNamespaces({ host }: ContainerConfig, { network }: BirthContext): NamespacePlan {
  return {
    pid: host.pidMode === "private",
    ipc: host.ipcMode === "private",
    uts: host.utsMode === "private",
    cgroup: host.cgroupnsMode === "private",
    time: existsSync("/proc/self/ns/time"),
    network,
  };
}

function planCgroup({ layout, joinPaths }: BirthContext): CgroupPlan {
  const v1 = hierarchies(layout).filter(({ version }) => version === 1);
  const names = v1.map(({ controllers }) =>
    controllers.map((name) => (name === "io" ? "blkio" : name)).join(","),
  );
  return { joinPaths, unified: v1.length === 0, hierarchies: names };
}

function planFiles({ host }: ContainerConfig, paths: ContainerPaths): EngineFile[] {
  const taken = new Set(host.mounts.map(({ target }) => target));
  const files = [
    { source: paths.resolvConf, target: "/etc/resolv.conf" },
    { source: paths.hostname, target: "/etc/hostname" },
    { source: paths.hosts, target: "/etc/hosts" },
  ];
  return files.filter(({ target }) => !taken.has(target));
}

/** Where an image has a link in a mount's place, the mount goes to where the link leads, whether or not that exists. */
function planPlaces(
  files: readonly EngineFile[],
  mounts: readonly PlannedMount[],
  layers: readonly string[],
): Pick<BirthPlan, "files" | "mounts"> {
  const asked = [...files, ...mounts];
  const places = followImageLinks(
    layers,
    asked.map(({ target }) => target),
  );
  places.forEach((place, index) => {
    if (!isKeptProc(place)) return;
    throw new EngineError(`Cannot mount at ${asked[index]!.target}: the image has a link there into /proc`, {
      hint: "Use an image without that link, or another target",
    });
  });
  const moved = <T extends { readonly target: string }>(things: readonly T[], offset: number) =>
    things.map((thing, index) => ({ ...thing, target: places[offset + index]! }));
  return { files: moved(files, 0), mounts: moved(mounts, files.length) };
}

function planMount(mount: Mount): PlannedMount {
  if (mount.type === "tmpfs") return { ...mount, targetKind: "folder" };
  const stat = statSync(mount.source, { throwIfNoEntry: false });
  if (!stat) {
    throw new NotFoundError(
      `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
      {
        hint: "Make it first, or mount it with -v, which makes a missing folder",
      },
    );
  }
  return { ...mount, targetKind: stat.isDirectory() ? "folder" : "file" };
}

function planProcess(
  config: ContainerConfig,
  { identity, home }: { identity: ProcessPlan["identity"]; home: string },
): ProcessPlan {
  const { process, host } = config;
  const argv = [...process.entrypoint, ...process.cmd];
  const environment = processEnvironment(process.env, { home, tty: process.tty, hostname: config.hostname });
  const workingDir = process.workingDir || "/";
  return {
    argv,
    environment,
    workingDir,
    candidates: commandCandidates(argv[0] ?? "", searchPath(environment), workingDir),
    identity,
    init: host.init,
  };
}

/** The value of PATH in an environment. */
export function searchPath(environment: readonly string[]): string {
  return environment.findLast((pair) => pair.startsWith("PATH="))?.slice("PATH=".length) ?? DEFAULT_PATH;
}

/** What every process gets, unless the image or the user says otherwise: PATH, HOSTNAME, HOME, and TERM on a terminal. */
export function processEnvironment(
  asked: readonly string[],
  known: { readonly home: string; readonly tty: boolean; readonly hostname: string },
): string[] {
  const pairs = new Map<string, string>([["PATH", DEFAULT_PATH]]);
  pairs.set("HOSTNAME", known.hostname);
  if (known.tty) pairs.set("TERM", "xterm");
  pairs.set("HOME", known.home);
  for (const pair of asked) {
    const equals = pair.indexOf("=");
    if (equals > 0) pairs.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return [...pairs].map(([name, value]) => `${name}=${value}`);
}
