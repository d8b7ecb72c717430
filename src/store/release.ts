/**
 * Giving back what no image refers to any more.
 *
 * Removal has two phases. First an image's rows go, in a transaction of their own. Then, in another one, what is
 * still unreferenced is taken out of sight, by name and row at once. A crash in between loses space, which the next
 * release finds; it never loses data. Somebody who counts on a layer or blob that he found must look again in the
 * transaction that registers his image.
 */
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import type { ChainId } from "../spec/chain-id.ts";
import type { Digest } from "../spec/digest.ts";
import type { ContentStore } from "./content.ts";
import { type StorePaths, TEMPORARY_PREFIX } from "./layout.ts";
import { currentOwner, formatOwner, isAlive, parseOwner } from "./owner.ts";

/** What was taken out of sight. */
export interface Released {
  readonly layers: readonly ChainId[];
  readonly blobs: readonly Digest[];
  /** Folders that are to be removed, with all they hold. */
  readonly trash: readonly string[];
}

/** What may be released: all there is, or what somebody knows of. */
export interface Candidates {
  readonly layers: readonly ChainId[];
  readonly blobs: readonly Digest[];
}

/**
 * Releases those of the candidates that no image refers to.
 *
 * @returns the trash is the caller's to remove: outside of the transaction, since it takes long
 */
export function releaseUnreferenced(
  database: Database,
  content: ContentStore,
  candidates: Candidates,
): Released {
  const release = database.transaction((): Released => {
    const layers = candidates.layers.filter(
      (chainId) => !isReferenced(database, "image_layers", "chain_id", chainId),
    );
    const trash = layers.flatMap((chainId) => discardLayer(database, content.paths, chainId));
    const blobs = candidates.blobs.filter(
      (digest) => !isReferenced(database, "image_blobs", "digest", digest),
    );
    for (const digest of blobs) content.delete(digest);
    return { layers, blobs, trash };
  });
  return release.immediate();
}

/** All layers and blobs there are, as candidates. */
export function everything(database: Database, content: ContentStore): Candidates {
  const rows = database.query("SELECT chain_id AS chainId FROM layers").all() as { chainId: ChainId }[];
  return { layers: rows.map((row) => row.chainId), blobs: content.list() };
}

/** Folders in ROOT/layers that processes which are gone left behind: unfinished, thrown away, or without a row. */
export function leftoverLayerFolders(database: Database, paths: StorePaths): string[] {
  if (!existsSync(paths.layers)) return [];
  const find = database.transaction(() => {
    const rows = database.query("SELECT directory FROM layers").all() as { directory: string }[];
    const known = new Set(rows.map((row) => row.directory));
    return readdirSync(paths.layers).flatMap((name) => leftover(paths, name, known) ?? []);
  });
  return find.immediate();
}

function leftover(paths: StorePaths, name: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(name)) return undefined;
  // A folder is put into place and registered under the lock that is held here, so one without a row is nobody's.
  if (!name.startsWith(TEMPORARY_PREFIX)) return moveAside(paths, name);
  const owner = parseOwner(name.slice(TEMPORARY_PREFIX.length));
  return owner !== undefined && isAlive(owner) ? undefined : `${paths.layers}/${name}`;
}

function discardLayer(database: Database, paths: StorePaths, chainId: ChainId): string[] {
  const row = database.query("SELECT directory FROM layers WHERE chain_id = ?").get(chainId);
  if (row === null) return [];
  const { directory } = row as { directory: string };
  database.query("DELETE FROM layers WHERE chain_id = ?").run(chainId);
  return existsSync(`${paths.layers}/${directory}`) ? [moveAside(paths, directory)] : [];
}

function moveAside(paths: StorePaths, directory: string): string {
  mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  const owner = formatOwner(currentOwner());
  const aside = `${paths.layers}/${TEMPORARY_PREFIX}${owner}-${crypto.randomUUID().slice(0, 8)}`;
  renameSync(`${paths.layers}/${directory}`, aside);
  return aside;
}

function isReferenced(
  database: Database,
  table: "image_layers" | "image_blobs",
  column: string,
  value: string,
): boolean {
  return database.query(`SELECT 1 FROM ${table} WHERE ${column} = ? LIMIT 1`).get(value) !== null;
}
