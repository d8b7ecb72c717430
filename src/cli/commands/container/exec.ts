import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { execFlags, execRequest } from "../../exec-flags.ts";

export default defineVerb({
  names: ["container exec", "exec"],
  summary: "Execute a command in a running container",
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  operands: { min: 2, max: Number.POSITIVE_INFINITY },
  stopAtOperand: true,
  flags: execFlags,
  async run({ flags, operands, globals }) {
    const [reference, ...cmd] = operands as [string, ...string[]];
    const request = await execRequest(flags, cmd);
    using engine = await openEngine(globals);
    return await engine.containers.exec(reference, request);
  },
});
