/** The engines that are compared: each a private root, an image loaded, and the words of a command. */
import { existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyboxRootfs, dockerArchive } from "../../test/support/images.ts";
import { withFolder } from "./private.ts";

const EXECUTABLE = process.env.MINI_DOCKER ?? join(import.meta.dir, "../../dist/mini-docker");

/** A tag that no registry is asked for. */
export const IMAGE = "localhost/bench:latest";

export interface Engine {
  readonly name: "mini-docker" | "podman" | "docker";
  /** The command line of a verb. */
  readonly argv: (...args: readonly string[]) => string[];
}

/** Runs a command and returns its stdout; throws with its stderr when it fails. */
export function must(argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { stdin: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit code ${exitCode}\n${stderr.toString()}`);
  return stdout.toString().trim();
}

async function until(what: string, ready: () => boolean): Promise<void> {
  for (let tries = 0; !ready(); tries++) {
    if (tries > 400) throw new Error(`${what} is not ready after 20 s`);
    await Bun.sleep(50);
  }
}

const answers = (...argv: string[]) =>
  Bun.spawnSync(argv, { stdio: ["ignore", "ignore", "ignore"] }).exitCode === 0;

function startDaemon(folder: string, name: string, argv: readonly string[]): void {
  const log = openSync(withFolder(join(folder, `${name}.log`)), "a");
  Bun.spawn([name, ...argv], { stdio: ["ignore", log, log] }).unref();
}

/** dockerd with a containerd of its own; both end with the process namespace. */
export async function startDocker(folder: string): Promise<Engine | undefined> {
  if (Bun.which("dockerd") === null || Bun.which("containerd") === null) return undefined;
  const socket = "/run/containerd/containerd.sock";
  startDaemon(folder, "containerd", [
    ...["--root", join(folder, "containerd"), "--state", "/run/containerd", "--address", withFolder(socket)],
  ]);
  await until("containerd", () => existsSync(socket));
  startDaemon(folder, "dockerd", [
    ...["--containerd", socket, "--data-root", join(folder, "docker"), "--exec-root", "/run/docker"],
    ...["--pidfile", "/run/docker.pid", "-H", "unix:///run/docker.sock", "--storage-driver", "overlay2"],
    ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
  ]);
  await until("dockerd", () => answers("docker", "version"));
  return { name: "docker", argv: (...args) => ["docker", ...args] };
}

/** podman with crun and netavark. */
export function preparePodman(folder: string): Engine | undefined {
  if (Bun.which("podman") === null) return undefined;
  const config = withFolder(join(folder, "containers.conf"));
  writeFileSync(
    config,
    '[network]\nnetwork_backend = "netavark"\n[engine]\ncgroup_manager = "cgroupfs"\nruntime = "crun"\n',
  );
  process.env.CONTAINERS_CONF = config;
  const roots = ["--root", join(folder, "podman"), "--runroot", "/run/podman", "--storage-driver", "overlay"];
  return { name: "podman", argv: (...args) => ["podman", ...roots, ...args] };
}

/** The build of this tree, where there is one. */
export function prepareOurs(folder: string): Engine | undefined {
  if (!existsSync(EXECUTABLE)) return undefined;
  const roots = ["--root", join(folder, "mini-docker"), "--run-root", "/run/mini-docker-bench"];
  return { name: "mini-docker", argv: (...args) => [EXECUTABLE, ...roots, ...args] };
}

/** All engines of this machine, ours first, with the busybox image loaded under {@link IMAGE}. */
export async function startEngines(folder: string): Promise<Engine[]> {
  const engines = [prepareOurs(folder), preparePodman(folder), await startDocker(folder)];
  const present = engines.filter((engine) => engine !== undefined);
  for (const engine of present) must(engine.argv("load", "-i", dockerArchive(IMAGE)));
  return present;
}

/** An OCI bundle of the busybox image whose process is `true`, for runtimes without an engine. */
export function bundleOfTrue(folder: string): string {
  const bundle = join(folder, "bundle");
  withFolder(join(bundle, "config.json"));
  must(["sh", "-c", 'cd "$1" && crun spec', "sh", bundle]);
  const spec = JSON.parse(must(["cat", join(bundle, "config.json")]));
  spec.process.terminal = false;
  spec.process.args = ["true"];
  spec.root = { path: busyboxRootfs(), readonly: false };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
  return bundle;
}
