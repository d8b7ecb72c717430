import type { Database } from "bun:sqlite";
import { ConflictError } from "../errors.ts";
import { shortId } from "../spec/digest.ts";
import {
  canonicalName,
  canonicalReference,
  familiarReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from "../spec/reference.ts";
import { ContentStore } from "../store/content.ts";
import { durably } from "../store/database.ts";
import {
  containersOf,
  deleteImage,
  deleteTag,
  findImageRecord,
  layersOf,
  referencesOf,
} from "../store/images.ts";
import { storePaths } from "../store/layout.ts";
import { writeLayoutIndex } from "../store/layout-index.ts";
import { collectGarbage, release } from "./collect.ts";

export interface RemoveOptions {
  readonly force: boolean;
  /** Whether a container runs at this moment. By its row alone when left out. */
  readonly isRunning?: (containerId: string) => boolean;
}

interface Removal {
  readonly lines: string[];
  /** Whether the image itself went. */
  readonly isGone: boolean;
}

/**
 * Removes a name of an image, and the image when that was its last one; by ID, all its names.
 *
 * The rows go in one transaction. Layers and blobs that nothing else refers to are removed after it: a crash in
 * between leaves them to the next removal or pull. An image that a container was made from is kept without a name,
 * even when forced: its layers are under the container's feet.
 *
 * @returns docker's lines: `Untagged: …`, `Deleted: …`
 * @throws {NotFoundError} no such image   @throws {ConflictError} in use, or under several names; docker's words
 */
export function removeImage(
  database: Database,
  rootDir: string,
  text: string,
  options: RemoveOptions,
): string[] {
  using content = new ContentStore(storePaths(rootDir));
  const { id } = findImageRecord(database, text);
  const layers = layersOf(database, id);
  const { lines, isGone } = durably(database, (): Removal => removeRows(database, text, options));
  if (isGone) {
    const released = release(database, content, { layers, blobs: [] });
    for (const chainId of released.layers.toReversed()) lines.push(`Deleted: ${chainId}`);
    collectGarbage(database, content);
  }
  writeLayoutIndex(database, content);
  return lines;
}

function removeRows(database: Database, text: string, { force, isRunning }: RemoveOptions): Removal {
  const { id } = findImageRecord(database, text);
  const references = referencesOf(database, id);
  const name = canonicalOf(text);
  const isById = name === undefined || !references.includes(name);
  const containers = containersOf(database, id);
  const running = containers.find((container) => isRunning?.(container.id) ?? container.phase === "started");
  const going = isById ? references : namesToRemove(references, name);
  const isLast = going.length === references.length;
  if (isLast && containers.length > 0 && (!force || running !== undefined)) {
    throw inUse({ text, id, isById, isForced: force, running, user: containers[0]! });
  }
  if (isById && !force) requireOneRepository(references, id);
  for (const reference of going) deleteTag(database, reference);
  const lines = going.map((reference) => `Untagged: ${familiarReference(parseReference(reference))}`);
  if (!isLast || containers.length > 0) return { lines, isGone: false };
  deleteImage(database, id);
  return { lines: [...lines, `Deleted: ${id}`], isGone: true };
}

/** A name; and the digests of its repository, when it was the last tag there. */
function namesToRemove(references: readonly string[], name: string): string[] {
  const repository = repositoryOf(name);
  const others = references.filter((other) => other !== name && repositoryOf(other) === repository);
  const hasTag = others.some((other) => !other.includes("@"));
  return hasTag || name.includes("@") ? [name] : [name, ...others];
}

function requireOneRepository(references: readonly string[], id: string): void {
  const tags = references.filter((reference) => !reference.includes("@"));
  const repositories = new Set(references.map(repositoryOf));
  if (tags.length <= 1 && repositories.size <= 1) return;
  const state = "image is referenced in multiple repositories";
  throw new ConflictError(`conflict: unable to delete ${shortId(id)} (must be forced) - ${state}`);
}

function inUse(use: {
  text: string;
  id: string;
  isById: boolean;
  isForced: boolean;
  running: { id: string } | undefined;
  user: { id: string };
}): ConflictError {
  const { text, running, isById, isForced } = use;
  const id = shortId(use.id);
  const user = shortId((running ?? use.user).id);
  if (!isById && !isForced) {
    const state = `container ${user} is using its referenced image ${id}`;
    return new ConflictError(
      `conflict: unable to remove repository reference "${text}" (must force) - ${state}`,
    );
  }
  if (running !== undefined) {
    const state = `image is being used by running container ${user}`;
    return new ConflictError(`conflict: unable to delete ${id} (cannot be forced) - ${state}`);
  }
  const state = `image is being used by stopped container ${user}`;
  return new ConflictError(`conflict: unable to delete ${id} (must be forced) - ${state}`);
}

function repositoryOf(reference: string): string {
  return canonicalName(parseReference(reference));
}

function canonicalOf(text: string): string | undefined {
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch {
    return undefined; // An ID.
  }
  return canonicalReference(withDefaultTag(reference));
}
