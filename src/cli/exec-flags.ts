import { parseDetachKeys } from "../container/attach/detach-keys.ts";
import { attachChoice } from "./attach-flags.ts";
import type { ExecRequest } from "../engine/types.ts";
import { bool, type FlagValues, list, text } from "./flags.ts";
import { parseEnv, readEnvFile } from "./values/environment.ts";

/** The flags of `exec`, which `explain exec` takes too. */
export const execFlags = {
  detach: bool("Detached mode: run command in the background", "d"),
  "detach-keys": text("Override the key sequence for detaching a container"),
  env: list("Set environment variables", "e", parseEnv),
  "env-file": list("Read in a file of environment variables"),
  interactive: bool("Keep STDIN open even if not attached", "i"),
  privileged: bool("Give extended privileges to the command"),
  tty: bool("Allocate a pseudo-TTY", "t"),
  user: text(`Username or UID (format: "<name|uid>[:<group|gid>]")`, "u"),
  workdir: text("Working directory inside the container", "w"),
};

/** Turns the flags and operands of `exec` into what the engine is asked for. */
export async function execRequest(
  flags: FlagValues<typeof execFlags>,
  cmd: readonly string[],
): Promise<ExecRequest> {
  const { detach, privileged, tty } = flags;
  const stdin = flags.interactive && !detach;
  const detachKeys = parseDetachKeys(flags["detach-keys"] ?? "");
  await attachChoice({ streams: [], stdin, tty, sigProxy: false, detachKeys: flags["detach-keys"] });
  const env = [...flags["env-file"].flatMap(readEnvFile), ...flags.env];
  return {
    cmd,
    env,
    tty,
    stdin,
    detach,
    privileged,
    detachKeys,
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
  };
}
