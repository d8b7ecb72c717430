/**
 * A throw-away virtual machine with pure cgroup v2, under QEMU's emulator: no KVM, no root, no disk image.
 *
 * The host's /usr and /etc and the project appear in it copy-on-write at their own paths, so it has the host's tools;
 * everything else is an empty ext4 disk. A command goes in and its output and exit status come out through a folder
 * shared by 9p. What `setup` has built boots in about 3 s.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MODULES = [
  ...["overlay", "veth", "bridge", "br_netfilter", "tun", "macvlan", "dummy"],
  ...["nf_tables", "nft_chain_nat", "nft_nat", "nft_masq", "nft_ct", "nft_fib_inet", "nft_reject_inet"],
];
const POLL_MS = 25;

/** Exit codes of the machine itself, as timeout(1) and env(1) have them. */
export const EXIT_TIMEOUT = 124;
export const EXIT_MACHINE_FAILED = 125;

export interface MachineOptions {
  /** A key of the cache: "6.1" or "6.12". */
  readonly kernel: string;
  /** The folder that appears inside at its own path. */
  readonly project: string;
  /** The command's folder, below `project`. */
  readonly cwd: string;
  /** Let the command write to the real project. */
  readonly writable: boolean;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly cpus: number;
  readonly env: Readonly<Record<string, string>>;
  /** Show the kernel's console on stderr. */
  readonly verbose: boolean;
  /** Takes the command's output as it comes; the terminal by default. */
  readonly onOutput?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** Where kernels are kept: VM_CACHE, or `cache` beside this file. */
export const cacheFolder = process.env.VM_CACHE ?? join(import.meta.dir, "cache");

/** Whether `setup` has run for this kernel, with today's init. */
export function isSetUp(kernel: string): boolean {
  const mark = join(cacheFolder, kernel, "init.sha256");
  if (!existsSync(mark)) return false;
  const init = new Bun.CryptoHasher("sha256")
    .update(readFileSync(join(import.meta.dir, "init.sh")))
    .digest("hex");
  return readFileSync(mark, "utf8").startsWith(init);
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function emulator(): { path: string; threads: string } {
  const path = process.env.VM_QEMU ?? "qemu-system-x86_64";
  if (Bun.which(path) === null)
    throw new Error(`Cannot start the test VM: ${path} is missing; run test/vm/setup`);
  const version = Bun.spawnSync([path, "--version"]).stdout.toString();
  // Before QEMU 10 a parallel virtual CPU can go on running a stale int3 after the kernel patched its own code.
  const safe = Number(/version (\d+)/.exec(version)?.[1]) >= 10;
  return { path, threads: process.env.VM_THREADS ?? (safe ? "multi" : "single") };
}

function share(tag: string, path: string, mode = ",readonly=on"): string[] {
  const escaped = path.replaceAll(",", ",,");
  return ["-virtfs", `local,path=${escaped},mount_tag=${tag},security_model=none,multidevs=remap${mode}`];
}

function qemuArgv(options: MachineOptions, io: string): string[] {
  const { path, threads } = emulator();
  const built = join(cacheFolder, options.kernel);
  const append =
    "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off random.trust_cpu=on";
  return [
    ...["setpriv", "--pdeathsig", "KILL", path], // Not even a SIGKILL of this process leaves the machine running.
    ...["-M", "q35,usb=off,sata=off,smbus=off,vmport=off", "-cpu", "max", "-accel", `tcg,thread=${threads}`],
    ...["-smp", String(options.cpus), "-m", String(options.memoryMegabytes)],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", join(built, "vmlinux"), "-initrd", join(built, "initrd")],
    ...["-serial", `file:${join(io, "console")}`, "-append", append],
    ...["-drive", `file=${join(built, "scratch.ext4")},if=virtio,format=raw,snapshot=on,cache=unsafe`],
    ...share("usr", "/usr"),
    ...share("etc", "/etc"),
    ...share("modules", join(built, "modules")),
    ...share("project", options.project, options.writable ? "" : undefined),
    ...share("io", io, ""),
  ];
}

function writeInput(options: MachineOptions, io: string, command: readonly string[]): void {
  const put = (name: string, text: string) => writeFileSync(join(io, name), text);
  const version = readFileSync(join(cacheFolder, options.kernel, "version"), "utf8").trim();
  const exports = Object.entries(options.env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  const config = { KERNEL_VERSION: version, PROJECT: options.project, WRITABLE: options.writable ? "1" : "" };
  put(
    "config",
    Object.entries({ ...config, MODULES: MODULES.join(" ") })
      .map(([name, value]) => `${name}=${quote(value)}\n`)
      .join(""),
  );
  put("main", readFileSync(join(import.meta.dir, "main.sh"), "utf8"));
  put("command", `cd ${quote(options.cwd)}\n${exports.join("")}exec ${command.map(quote).join(" ")}\n`);
  for (const name of ["out", "err", "console"]) put(name, "");
}

function toTerminal(stream: "stdout" | "stderr", bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(stream === "stdout" ? 1 : 2, bytes, done);
}

/** Follows files that grow, from their beginning. */
class Followers implements Disposable {
  readonly #files: { fd: number; stream: "stdout" | "stderr" }[];
  readonly #buffer = Buffer.alloc(1 << 16);
  readonly #onOutput: NonNullable<MachineOptions["onOutput"]>;

  constructor(io: string, options: MachineOptions) {
    const follow = (name: string, stream: "stdout" | "stderr") => ({
      fd: openSync(join(io, name), "r"),
      stream,
    });
    this.#files = [follow("out", "stdout"), follow("err", "stderr")];
    if (options.verbose) this.#files.push(follow("console", "stderr"));
    this.#onOutput = options.onOutput ?? toTerminal;
  }

  drain(): void {
    for (const { fd, stream } of this.#files) {
      for (let n = readSync(fd, this.#buffer); n > 0; n = readSync(fd, this.#buffer)) {
        this.#onOutput(stream, this.#buffer.subarray(0, n));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}

/**
 * Boots a machine, runs `command` in it as root, and returns its exit status.
 *
 * @returns {@link EXIT_TIMEOUT} after the timeout, {@link EXIT_MACHINE_FAILED} when the machine itself failed; both
 *   show the end of the console on stderr.
 */
export async function runInMachine(command: readonly string[], options: MachineOptions): Promise<number> {
  const io = mkdtempSync(join(tmpdir(), "mini-docker-vm-"));
  using _folder = { [Symbol.dispose]: () => rmSync(io, { recursive: true, force: true }) };
  const project = realpathSync(options.project);
  writeInput({ ...options, project }, io, command);
  using followers = new Followers(io, options);
  const qemu = Bun.spawn(qemuArgv({ ...options, project }, io), { stdio: ["ignore", "ignore", "inherit"] });

  let timedOut = false;
  const stop = () => qemu.kill("SIGKILL");
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, options.timeoutSeconds * 1000);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  const poll = setInterval(() => followers.drain(), POLL_MS); // inotify does not see what a guest writes.
  await qemu.exited;
  clearTimeout(timer);
  clearInterval(poll);
  for (const signal of signals) process.off(signal, stop);
  followers.drain();

  const statusFile = join(io, "status");
  if (!timedOut && existsSync(statusFile)) return Number.parseInt(readFileSync(statusFile, "utf8"), 10);
  const state = timedOut ? `killed after ${options.timeoutSeconds} s` : "it ended without a status";
  console.error(`Cannot finish in the test VM: ${state}; the end of its console:`);
  console.error(readFileSync(join(io, "console"), "utf8").slice(-4000));
  return timedOut ? EXIT_TIMEOUT : EXIT_MACHINE_FAILED;
}
