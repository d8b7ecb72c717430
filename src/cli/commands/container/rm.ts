import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, later } from "../../flags.ts";
import { printLine } from "../../output.ts";
import { forEachTarget, forgivingAbsence } from "../../targets.ts";

export default defineVerb({
  names: ["container rm", "container remove", "rm"],
  summary: "Remove one or more containers",
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  operands: ONE_OR_MORE,
  flags: {
    force: bool("Force the removal of a running container (uses SIGKILL)", "f"),
    link: later("", "l", ["false"]),
    volumes: bool("Remove anonymous volumes associated with the container", "v"),
  },
  async run({ flags, operands, globals }) {
    const { force, volumes } = flags;
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      await forgivingAbsence(force, async () => {
        await engine.containers.remove(reference, { force, volumes });
        printLine(reference);
      });
    });
    return 0;
  },
});
