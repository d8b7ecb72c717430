import type { Database } from "bun:sqlite";
import { basename } from "node:path";
import { openDirectory } from "../kernel/directory.ts";
import type { ContentStore } from "../store/content.ts";
import {
  type Candidates,
  everything,
  leftoverLayerFolders,
  type Released,
  releaseUnreferenced,
} from "../store/release.ts";

/**
 * Releases those of the candidates that nothing refers to, and removes their folders.
 *
 * @returns what was released
 */
export function release(database: Database, content: ContentStore, candidates: Candidates): Released {
  const released = releaseUnreferenced(database, content, candidates);
  removeFolders(content, released.trash);
  return released;
}

/**
 * Removes all that unfinished or interrupted work left behind, unless another process is at work on images: what
 * looks unused may be what it is about to register.
 */
export function collectGarbage(database: Database, content: ContentStore): void {
  if (content.sweepIngest()) return;
  release(database, content, everything(database, content));
  removeFolders(content, leftoverLayerFolders(database, content.paths));
}

/** By descriptors: a layer's tree may be deeper than a path can be long. */
function removeFolders(content: ContentStore, paths: readonly string[]): void {
  if (paths.length === 0) return;
  using layers = openDirectory(content.paths.layers);
  for (const path of paths) layers.removeTree(basename(path));
}
