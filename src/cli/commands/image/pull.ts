import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, later, list, text } from "../../flags.ts";
import { printLine } from "../../output.ts";
import { openProgress } from "../../progress.ts";

export default defineVerb({
  names: ["image pull", "pull"],
  summary: "Download an image from a registry",
  usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
  operands: { min: 1, max: 1 },
  flags: {
    "all-tags": later("", "a", ["false"]),
    "disable-content-trust": later("", undefined, ["true", "false"]),
    "insecure-registry": list("Talk plain HTTP to this registry, or HTTPS without checking who it is"),
    platform: text("Set platform if server is multi-platform capable"),
    quiet: bool("Suppress verbose output", "q"),
  },
  async run({ flags, operands, globals }) {
    using engine = await openEngine(globals);
    using progress = openProgress({ quiet: flags.quiet });
    const pulled = await engine.images.pull(operands[0]!, {
      progress,
      insecureRegistries: flags["insecure-registry"],
      ...(flags.platform === undefined ? {} : { platform: flags.platform }),
    });
    progress.finish();
    if (!flags.quiet) {
      printLine(`Digest: ${pulled.digest}`);
      const state = pulled.upToDate ? "Image is up to date for" : "Downloaded newer image for";
      printLine(`Status: ${state} ${pulled.reference}`);
    }
    printLine(pulled.reference);
    return 0;
  },
});
