import { attachChoice } from "../../attach-flags.ts";
import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, text } from "../../flags.ts";

export default defineVerb({
  names: ["container attach", "attach"],
  summary: "Attach local standard input, output, and error streams to a running container",
  usage: "[OPTIONS] CONTAINER",
  operands: { min: 1, max: 1 },
  flags: {
    "detach-keys": text("Override the key sequence for detaching a container"),
    "no-stdin": bool("Do not attach STDIN"),
    "sig-proxy": bool("Proxy all received signals to the process", undefined, { initial: true }),
  },
  async run({ flags, operands, globals }) {
    const attach = await attachChoice({
      streams: [],
      stdin: !flags["no-stdin"],
      tty: false,
      sigProxy: flags["sig-proxy"],
      detachKeys: flags["detach-keys"],
    });
    using engine = await openEngine(globals);
    return await engine.containers.attach(operands[0]!, attach);
  },
});
