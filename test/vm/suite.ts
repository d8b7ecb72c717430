/**
 * `npm run test:vm [-- --kernel 6.12] [FOLDER…]`: the suites that need pure cgroup v2, in the test VM.
 *
 * Builds what the machine boots when it is missing. The tests in test/vm-suite assert limits from the kernel's own
 * counters; others run again because the kernel is another one and the cgroups are of version 2. An emulated machine
 * has one thread, so two of them share the work.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isSetUp, runInMachine } from "./machine.ts";

const root = join(import.meta.dir, "../..");
const SHARES = [
  ["test/vm-suite/", "test/system/run"],
  ["test/sandbox/", "test/system/life"],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kernel: { type: "string", default: process.env.VM_KERNEL ?? "6.1" },
    timeout: { type: "string", default: "900" },
    verbose: { type: "boolean", default: false },
  },
});

const hasTests = (folder: string) => [...new Bun.Glob(`${folder}**`).scanSync({ cwd: root })].length > 0;

/** Runs one machine; what it writes is kept and shown whole when it ends, unless it runs alone. */
async function run(folders: readonly string[], alone: boolean): Promise<number> {
  const kept: Uint8Array[] = [];
  const status = await runInMachine(["bun", "test", "--timeout=300000", ...folders], {
    kernel: values.kernel,
    project: root,
    cwd: root,
    writable: false,
    timeoutSeconds: Number(values.timeout),
    memoryMegabytes: 2048,
    cpus: 2,
    env: { SANDBOX_MUST_WORK: "1", NO_COLOR: "1" },
    verbose: values.verbose,
    ...(alone ? {} : { onOutput: (_stream, bytes) => void kept.push(Uint8Array.from(bytes)) }),
  });
  if (!alone) await Bun.write(Bun.stdout, Buffer.concat(kept));
  return status;
}

if (!isSetUp(values.kernel)) {
  const setup = Bun.spawnSync([join(import.meta.dir, "setup"), values.kernel], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if (setup.exitCode !== 0) process.exit(setup.exitCode || 1);
}
const shares = positionals.length > 0 ? [positionals] : SHARES.map((share) => share.filter(hasTests));
const statuses = await Promise.all(shares.map((folders) => run(folders, shares.length === 1)));
process.exitCode = statuses.find((status) => status !== 0) ?? 0;
