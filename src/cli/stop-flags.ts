import { parseSignal } from "../container/signals.ts";
import { type FlagValues, parseInteger, text, value } from "./flags.ts";

/** The flags of the verbs that end a container's process: `stop`, `restart`. */
export const stopFlags = {
  signal: text("Signal to send to the container", "s"),
  timeout: value("int", parseInteger, "Seconds to wait before killing the container", "t", {
    otherNames: ["time"],
  }),
};

/** @throws {UsageError} for a signal that does not exist. */
export function stopOptions(flags: FlagValues<typeof stopFlags>): { graceSeconds?: number; signal?: number } {
  return {
    ...(flags.timeout === undefined ? {} : { graceSeconds: flags.timeout }),
    ...(flags.signal === undefined ? {} : { signal: parseSignal(flags.signal) }),
  };
}
