import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { createRequest } from "../../create-request.ts";
import { openEngine } from "../../open-engine.ts";
import { warn } from "../../log.ts";
import { printLine } from "../../output.ts";
import { openProgress } from "../../progress.ts";
import { createFlags } from "../../run-flags.ts";
import { writeCidFile } from "../../cid-file.ts";

export default defineVerb({
  names: ["container create", "create"],
  summary: "Create a new container",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  operands: ONE_OR_MORE,
  stopAtOperand: true,
  failureCode: 1,
  flags: createFlags,
  async run({ flags, operands, globals }) {
    const request = createRequest(flags, operands, { detached: false });
    using engine = await openEngine(globals);
    using progress = openProgress({ quiet: flags.quiet, toStderr: true });
    const { id, warnings } = await engine.containers.create(request, progress);
    for (const warning of warnings) warn(warning);
    if (flags.cidfile !== undefined) writeCidFile(flags.cidfile, id);
    printLine(id);
    return 0;
  },
});
