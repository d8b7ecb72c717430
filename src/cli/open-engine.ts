import type { Engine } from "../engine/types.ts";
import type { GlobalOptions } from "./command.ts";

/**
 * Opens the engine. It comes with its own import, so that help and refused command lines do not load it.
 *
 * @throws {PermissionError} when the caller is not root
 */
export async function openEngine({ root, runRoot }: GlobalOptions): Promise<Engine> {
  const { openEngine: open } = await import("../engine/engine.ts");
  return open({ ...(root ? { root } : {}), ...(runRoot ? { runRoot } : {}) });
}
