import { readFileSync } from "node:fs";
import { join } from "node:path";

export const repositoryRoot = join(import.meta.dir, "../..");

export interface SourceFile {
  /** Below the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The files of the working tree that git tracks or would track, under `folders`, that end in `suffix`. */
export function sourceFiles(folders: readonly string[], suffix = ".ts"): SourceFile[] {
  return folders.flatMap((folder) =>
    [...new Bun.Glob(`${folder}/**/*${suffix}`).scanSync({ cwd: repositoryRoot, dot: false })]
      .filter((path) => !path.includes("node_modules/") && !path.startsWith("test/vm/cache/"))
      .sort()
      .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), "utf8") })),
  );
}
