import { UsageError } from "../../../errors.ts";
import { parseMoment } from "../../../container/logs/moment.ts";
import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, text } from "../../flags.ts";

export default defineVerb({
  names: ["container logs", "logs"],
  summary: "Fetch the logs of a container",
  usage: "[OPTIONS] CONTAINER",
  operands: { min: 1, max: 1 },
  flags: {
    // There are none: log options that would add them are refused.
    details: bool("Show extra details provided to logs"),
    follow: bool("Follow log output", "f"),
    since: text(
      `Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)`,
    ),
    tail: text("Number of lines to show from the end of the logs", "n", { defaultText: `"all"` }),
    timestamps: bool("Show timestamps", "t"),
    until: text(
      `Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)`,
    ),
  },
  async run({ flags, operands, globals }) {
    const { follow, timestamps } = flags;
    const tail = parseTail(flags.tail);
    const since = readTime("since", flags.since);
    const until = readTime("until", flags.until);
    const request = {
      ...{ follow, timestamps },
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    };
    using engine = await openEngine(globals);
    await engine.containers.logs(operands[0]!, request);
    return 0;
  },
});

/** As docker, anything that is no number means all lines. */
function parseTail(given: string | undefined): number | undefined {
  return given !== undefined && /^\d+$/.test(given) ? Number(given) : undefined;
}

function readTime(name: string, given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  try {
    return parseMoment(given, Date.now());
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(`invalid value for "${name}": ${cause.message}`, { cause });
  }
}
