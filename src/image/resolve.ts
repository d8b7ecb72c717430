import type { Database } from "bun:sqlite";
import { realpathSync, statSync } from "node:fs";
import { NotFoundError } from "../errors.ts";
import type { RunConfig } from "../spec/image-config.ts";
import { findImageRecord, layerDirectoriesOf } from "../store/images.ts";
import { storePaths } from "../store/layout.ts";

/** How a folder is named as an image: `dir:/srv/rootfs`. */
const DIRECTORY_PREFIX = "dir:";

/** What a folder runs when nothing else is asked for: there is no config to say. */
const DIRECTORY_CONFIG: RunConfig = {
  Cmd: ["/bin/sh"],
  Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
};

/** All that a container needs of an image. */
export interface ResolvedImage {
  /** `sha256:…` of its config, or `dir:/PATH` with the real path. */
  readonly id: string;
  readonly config: RunConfig;
  /** Folders of its layers, absolute, the top first: overlayfs's lowerdir. */
  readonly layerDirectories: readonly string[];
  /** `os/arch[/variant]`; `undefined` for a folder. */
  readonly platform?: string;
}

/**
 * Finds what a container is to be made of: an image by name, ID or digest, or a folder as `dir:/PATH`.
 *
 * The fast path of every `run`: two statements, and no document is parsed that was not checked when it came.
 *
 * @throws {NotFoundError} with docker's words
 */
export function findImage(database: Database, rootDir: string, text: string): ResolvedImage {
  if (text.startsWith(DIRECTORY_PREFIX)) return folderImage(text.slice(DIRECTORY_PREFIX.length));
  const { id, config, platform } = findImageRecord(database, text);
  const { layers } = storePaths(rootDir);
  const layerDirectories = layerDirectoriesOf(database, id).map((name) => `${layers}/${name}`);
  return { id, config, platform, layerDirectories };
}

/** Whether the text names a folder rather than an image. */
export function isDirectoryReference(text: string): boolean {
  return text.startsWith(DIRECTORY_PREFIX);
}

function folderImage(path: string): ResolvedImage {
  let real: string;
  try {
    real = realpathSync(path === "" ? "." : path);
  } catch (cause) {
    throw new NotFoundError(`Cannot use folder "${path}" as an image: it does not exist`, { cause });
  }
  if (!statSync(real).isDirectory()) {
    throw new NotFoundError(`Cannot use "${path}" as an image: it is not a folder`, {
      hint: "Load an archive with: mini-docker load -i FILE",
    });
  }
  return { id: `${DIRECTORY_PREFIX}${real}`, config: DIRECTORY_CONFIG, layerDirectories: [real] };
}
