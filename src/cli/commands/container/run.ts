import { attachChoice } from "../../attach-flags.ts";
import { writeCidFile } from "../../cid-file.ts";
import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { createRequest } from "../../create-request.ts";
import { openEngine } from "../../open-engine.ts";
import { EngineError } from "../../../errors.ts";
import { warn } from "../../log.ts";
import { printError, printLine } from "../../output.ts";
import { openProgress } from "../../progress.ts";
import { runFlags } from "../../run-flags.ts";

export default defineVerb({
  names: ["container run", "run"],
  summary: "Create and run a new container from an image",
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  operands: ONE_OR_MORE,
  stopAtOperand: true,
  failureCode: 125,
  flags: runFlags,
  async run({ flags, operands, globals }) {
    const { detach } = flags;
    if (detach && flags.attach.length > 0) {
      throw new EngineError("conflicting options: cannot specify both --attach and --detach");
    }
    const request = createRequest(flags, operands, { detached: detach });
    const attach = await attachChoice({
      streams: flags.attach,
      stdin: flags.interactive && !detach,
      tty: flags.tty,
      sigProxy: flags["sig-proxy"],
      detachKeys: flags["detach-keys"],
    });
    using engine = await openEngine(globals);
    using progress = openProgress({ quiet: flags.quiet, toStderr: true });
    return await engine.containers.run(request, {
      detach,
      attach,
      progress,
      onCreated({ id, warnings }) {
        progress.finish();
        for (const warning of warnings) warn(warning);
        if (flags.cidfile !== undefined) writeCidFile(flags.cidfile, id);
        if (detach) printLine(id);
      },
      onNotice: (line) => printError(`${line}\n`),
    });
  },
});
