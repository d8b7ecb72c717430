import type { Engine } from "../engine/types.ts";
import { UnsupportedError } from "../errors.ts";
import type { GlobalOptions } from "./command.ts";

/** Opens the engine. It comes with its own import, so that help and refused command lines do not load it. */
export async function openEngine(globals: GlobalOptions): Promise<Engine> {
  throw new UnsupportedError(
    `Cannot open the engine${globals.root ? ` in ${globals.root}` : ""}: it is not in this build`,
  );
}
