/**
 * `npm run test:vm [-- --kernel 6.12]`: the suites that need pure cgroup v2, in the test VM.
 *
 * Builds what the machine boots when it is missing. The tests in test/vm-suite assert limits from the kernel's own
 * counters; those of test/sandbox and test/system named here run again because they behave differently on cgroup v2
 * or on an older kernel.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isSetUp, runInMachine } from "./machine.ts";

const root = join(import.meta.dir, "../..");
const AGAIN = ["test/sandbox/support/", "test/sandbox/kernel/cgroup", "test/system/life", "test/system/run"];

const { values } = parseArgs({
  options: {
    kernel: { type: "string", default: process.env.VM_KERNEL ?? "6.1" },
    timeout: { type: "string", default: "900" },
    verbose: { type: "boolean", default: false },
  },
});

const exists = (folder: string) => [...new Bun.Glob(`${folder}**`).scanSync({ cwd: root })].length > 0;

if (!isSetUp(values.kernel)) {
  const setup = Bun.spawnSync([join(import.meta.dir, "setup"), values.kernel], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if (setup.exitCode !== 0) process.exit(setup.exitCode || 1);
}
const folders = ["test/vm-suite/", ...AGAIN].filter(exists);
process.exitCode = await runInMachine(["bun", "test", "--timeout=300000", ...folders], {
  kernel: values.kernel,
  project: root,
  cwd: root,
  writable: false,
  timeoutSeconds: Number(values.timeout),
  memoryMegabytes: 2048,
  cpus: 2,
  env: { SANDBOX_MUST_WORK: "1", NO_COLOR: "1" },
  verbose: values.verbose,
});
