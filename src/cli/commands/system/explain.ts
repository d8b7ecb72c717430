import { UsageError } from "../../../errors.ts";
import { parseArguments } from "../../argv.ts";
import { defineVerb, type GlobalOptions, ONE_OR_MORE, operandError, type Verb } from "../../command.ts";
import { createRequest } from "../../create-request.ts";
import { openEngine } from "../../open-engine.ts";
import { execFlags, execRequest } from "../../exec-flags.ts";
import { printLine } from "../../output.ts";
import { openProgress } from "../../progress.ts";
import { runFlags } from "../../run-flags.ts";

const explain: Verb = defineVerb({
  names: ["explain"],
  summary: "Print the system calls that run or exec would make, with the reason for each",
  usage: "run|exec [OPTIONS] ...",
  operands: ONE_OR_MORE,
  stopAtOperand: true,
  failureCode: 125,
  flags: {},
  notes: `Nothing is run. The list is the very one that "run" and "exec" hand to the kernel.`,
  async run({ operands, globals }) {
    const [verb, ...words] = operands as [string, ...string[]];
    if (verb === "run") return await explainRun(words, globals);
    if (verb === "exec") return await explainExec(words, globals);
    throw new UsageError(`explain knows run and exec, not ${verb}`, {
      hint: "Try: mini-docker explain run dir:/ sh",
    });
  },
});

export default explain;

async function explainRun(words: readonly string[], globals: GlobalOptions): Promise<number> {
  const { flags, operands } = parseArguments(runFlags, words, true);
  const wrong = operandError(ONE_OR_MORE, operands.length);
  if (wrong) throw new UsageError(`'explain run' ${wrong}`);
  const request = createRequest(flags, operands, { detached: flags.detach });
  using engine = await openEngine(globals);
  using progress = openProgress({ quiet: flags.quiet, toStderr: true });
  for (const line of await engine.containers.explainRun(request, progress)) printLine(line);
  return 0;
}

async function explainExec(words: readonly string[], globals: GlobalOptions): Promise<number> {
  const { flags, operands } = parseArguments(execFlags, words, true);
  const wrong = operandError({ min: 2, max: Number.POSITIVE_INFINITY }, operands.length);
  if (wrong) throw new UsageError(`'explain exec' ${wrong}`);
  const [reference, ...cmd] = operands as [string, ...string[]];
  const request = await execRequest({ ...flags, interactive: false }, cmd);
  using engine = await openEngine(globals);
  for (const line of await engine.containers.explainExec(reference, request)) printLine(line);
  return 0;
}
