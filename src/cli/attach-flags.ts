import { parseDetachKeys } from "../container/attach/detach-keys.ts";
import { EngineError } from "../errors.ts";
import type { AttachChoice } from "../engine/types.ts";
import type { StreamName } from "./run-flags.ts";

export interface AttachFlagValues {
  readonly streams: readonly StreamName[];
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: string | undefined;
}

/**
 * Says which streams an attached command connects.
 *
 * @param flags `streams` as `--attach` names them; none means standard output and error, and input when it is open.
 * @throws {EngineError} when the terminal's keys would be needed and our input is no terminal.
 */
export async function attachChoice(flags: AttachFlagValues): Promise<AttachChoice> {
  const named = (stream: StreamName) => flags.streams.length === 0 || flags.streams.includes(stream);
  const stdin = flags.stdin && named("stdin");
  if (flags.tty && stdin) await requireTerminal();
  const detachKeys = parseDetachKeys(flags.detachKeys ?? "");
  return { stdin, stdout: named("stdout"), stderr: named("stderr"), sigProxy: flags.sigProxy, detachKeys };
}

async function requireTerminal(): Promise<void> {
  const { isatty } = await import("node:tty");
  if (isatty(0)) return;
  throw new EngineError("the input device is not a TTY", {
    hint: "Leave out -t when input comes from a pipe or a file",
  });
}
