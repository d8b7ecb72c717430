/** The program's beginning: a shim's exit step, or a command line. */
import { EXIT_STEP } from "./lib/exit-step-word.ts";

const [first, ...rest] = process.argv.slice(2);
let status = 0;
if (first === EXIT_STEP) {
  const { runExitStep } = await import("./engine/exit-step.ts");
  runExitStep(rest);
} else {
  const { runCli } = await import("./cli/cli.ts");
  status = await runCli(process.argv.slice(2));
}
const { endProcess } = await import("./kernel/exit.ts");
endProcess(status);
