/** The program's beginning: a shim's exit step, or a command line. */
import { EXIT_STEP } from "./lib/exit-step-word.ts";

const [first, ...rest] = process.argv.slice(2);
if (first === EXIT_STEP) {
  const { runExitStep } = await import("./engine/exit-step.ts");
  runExitStep(rest);
} else {
  const { runProcess } = await import("./cli/cli.ts");
  await runProcess();
}
