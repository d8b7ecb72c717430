/**
 * Benchmarks run in mount, network and process namespaces of their own, with an empty /run: the daemons they compare
 * with start there, cannot touch the machine's network or containers, and end with the namespace.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";

/** Set inside: the folder for the engines' data, which goes away once the namespaces, and all mounts, are gone. */
const FOLDER = "MINI_DOCKER_BENCH_FOLDER";

/** The set-up runs as PID 1 and stays to reap; the benchmark is its child. crun refuses a hybrid cgroup layout. */
const SETUP = [
  "mount -t tmpfs -o mode=755 tmpfs /run",
  "umount /sys/fs/cgroup/unified 2> /dev/null || true",
  "ip link set lo up",
  '"$@" & wait $!',
].join("\n");

/**
 * Moves the program into the namespaces by starting it again there, and returns only inside.
 *
 * Everything below is then measured without a namespace to enter on the way.
 *
 * @returns an empty folder for data
 */
export function enterPrivateNamespaces(): string {
  const inside = process.env[FOLDER];
  if (inside !== undefined) return inside;
  if (process.getuid?.() !== 0) {
    console.error("Cannot run benchmarks: they need root for namespaces");
    process.exit(1);
  }
  const namespaces = [
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation=private",
  ];
  const script = [process.execPath, process.argv[1] ?? "", ...process.argv.slice(2)];
  const folder = tempDir("bench");
  const { exitCode } = Bun.spawnSync(
    ["unshare", ...namespaces, "--", "bash", "-c", SETUP, "bash", ...script],
    {
      env: { ...process.env, [FOLDER]: folder.path },
      stdio: ["inherit", "inherit", "inherit"],
    },
  );
  folder[Symbol.dispose]();
  process.exit(exitCode);
}

/** Makes the folder of a file and returns the file's path. */
export function withFolder(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
