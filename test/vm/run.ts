/**
 * `npm run vm -- [options] COMMAND…`: runs a command as root in the test VM, in the same folder, and exits with its
 * status. Options end at the first other word.
 */
import { parseArgs } from "node:util";
import { cacheFolder, EXIT_MACHINE_FAILED, isSetUp, runInMachine } from "./machine.ts";

const OPTIONS = {
  kernel: { type: "string", default: process.env.VM_KERNEL ?? "6.1" },
  project: { type: "string", default: process.cwd() },
  rw: { type: "boolean", default: false },
  timeout: { type: "string", default: "600" },
  mem: { type: "string", default: "2048" },
  cpus: { type: "string", default: "2" },
  env: { type: "string", multiple: true, default: [] as string[] },
  verbose: { type: "boolean", default: false },
} as const;

const args = process.argv.slice(2);
const lenient = parseArgs({ args, options: OPTIONS, tokens: true, strict: false, allowPositionals: true });
const end = lenient.tokens.find((token) => token.kind !== "option");
const { values } = parseArgs({ args: args.slice(0, end?.index), options: OPTIONS });
const command = end === undefined ? [] : args.slice(end.index + (end.kind === "option-terminator" ? 1 : 0));

if (command.length === 0) {
  const names = Object.keys(OPTIONS).map((name) => `--${name}`);
  console.error(`usage: run.ts [${names.join(" ")}] COMMAND…`);
  process.exit(EXIT_MACHINE_FAILED);
}
if (!isSetUp(values.kernel)) {
  console.error(
    `Cannot boot ${values.kernel}: ${cacheFolder} does not have it; run test/vm/setup ${values.kernel}`,
  );
  process.exit(EXIT_MACHINE_FAILED);
}
process.exitCode = await runInMachine(command, {
  kernel: values.kernel,
  project: values.project,
  cwd: process.cwd(),
  writable: values.rw,
  timeoutSeconds: Number(values.timeout),
  memoryMegabytes: Number(values.mem),
  cpus: Number(values.cpus),
  env: Object.fromEntries(values.env.map((pair) => [pair.replace(/=.*/s, ""), pair.replace(/^[^=]*=?/, "")])),
  verbose: values.verbose,
});
