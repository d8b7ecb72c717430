/** The program's beginning: a shim's exit step, or a command line. */
import { EXIT_STEP } from "./lib/exit-step-word.ts";

const [first, ...rest] = process.argv.slice(2);
if (first === EXIT_STEP) {
  const { runExitStep } = await import("./engine/exit-step.ts");
  runExitStep(rest);
} else {
  const { runCli } = await import("./cli/cli.ts");
  const status = await runCli(process.argv.slice(2));
  const { endCommand } = await import("./engine/end.ts");
  endCommand(status);
}
