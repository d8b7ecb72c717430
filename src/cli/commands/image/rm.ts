import { defineVerb, ONE_OR_MORE } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, later } from "../../flags.ts";
import { printLine } from "../../output.ts";
import { forEachTarget, forgivingAbsence } from "../../targets.ts";

export default defineVerb({
  names: ["image rm", "image remove", "rmi"],
  summary: "Remove one or more images",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  operands: ONE_OR_MORE,
  flags: {
    force: bool("Force removal of the image", "f"),
    "no-prune": bool("Do not delete untagged parents"),
    platform: later("strings"),
  },
  async run({ flags, operands, globals }) {
    const options = { force: flags.force, prune: !flags["no-prune"] };
    using engine = await openEngine(globals);
    await forEachTarget(operands, async (reference) => {
      await forgivingAbsence(flags.force, async () => {
        for (const line of await engine.images.remove(reference, options)) printLine(line);
      });
    });
    return 0;
  },
});
