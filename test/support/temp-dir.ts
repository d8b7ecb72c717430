import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends Disposable {
  /** Absolute, without symbolic links. */
  readonly path: string;
}

/**
 * Makes a folder that goes away with its scope: `using dir = tempDir("layers")`.
 *
 * @param name what the folder is for; it shows in the path, so that a leak tells where it came from
 */
export function tempDir(name: string): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `mini-docker-test-${name}-`)));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
