import type { Database } from "bun:sqlite";
import { ConflictError, NotFoundError } from "../errors.ts";
import type { ChainId } from "../spec/chain-id.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import type { RunConfig } from "../spec/image-config.ts";
import {
  canonicalName,
  canonicalReference,
  familiarReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from "../spec/reference.ts";

/** An image as it is registered. */
export interface ImageRecord {
  /** Digest of the config. */
  readonly id: Digest;
  readonly manifestDigest: Digest;
  readonly manifestType: string;
  readonly manifestBytes: number;
  /** `os/arch[/variant]`. */
  readonly platform: string;
  /** Of its layers, unpacked. */
  readonly sizeBytes: number;
  /** By its config; ISO 8601. */
  readonly createdAt: string;
  readonly registeredAt: string;
  /** The config's `config` object: what a container of it runs as. */
  readonly config: RunConfig;
}

export interface NewImage extends Omit<ImageRecord, "registeredAt"> {
  /** From the lowest to the top. Each must be in the table of layers. */
  readonly layers: readonly ChainId[];
  /** Every blob that belongs to it. */
  readonly blobs: readonly Digest[];
}

const COLUMNS = `id, manifest_digest AS manifestDigest, manifest_type AS manifestType,
  manifest_bytes AS manifestBytes, platform, size_bytes AS sizeBytes, created_at AS createdAt,
  registered_at AS registeredAt, config`;

type Row = Omit<ImageRecord, "config"> & { readonly config: string };

const fromRow = (row: Row): ImageRecord => ({ ...row, config: JSON.parse(row.config) as RunConfig });

/** All images, the newest build first. */
export function listImages(database: Database): ImageRecord[] {
  const rows = database.query(`SELECT ${COLUMNS} FROM images ORDER BY created_at DESC, id`).all() as Row[];
  return rows.map(fromRow);
}

/** The image with this exact ID. */
export function getImage(database: Database, id: string): ImageRecord | undefined {
  const row = database.query(`SELECT ${COLUMNS} FROM images WHERE id = ?`).get(id) as Row | null;
  return row === null ? undefined : fromRow(row);
}

/**
 * Finds an image as docker does: by name (`:latest` unless it says otherwise), then by ID, whole or its beginning.
 *
 * @throws {NotFoundError} with docker's words   @throws {ConflictError} when an ID prefix fits several
 */
export function findImageRecord(database: Database, text: string): ImageRecord {
  const reference = parseOrUndefined(text);
  const named = reference === undefined ? undefined : imageOfReference(database, reference);
  if (named !== undefined) return named;
  const id = findByDigest(database, text) ?? findByPrefix(database, text);
  if (id !== undefined) return getImage(database, id)!;
  throw new NotFoundError(`No such image: ${displayReference(text)}`, {
    hint: "List the images there are with: mini-docker images",
  });
}

/** The ID behind a name, a digest or the beginning of an ID. @throws {ConflictError} when a prefix fits several. */
export function findImageId(database: Database, text: string): string | undefined {
  return findByName(database, text) ?? findByDigest(database, text) ?? findByPrefix(database, text);
}

/** Canonical references of an image, sorted. */
export function referencesOf(database: Database, id: string): string[] {
  const rows = database.query("SELECT reference FROM tags WHERE image_id = ? ORDER BY reference").all(id);
  return (rows as { reference: string }[]).map((row) => row.reference);
}

/** Every reference with its image, for a listing. */
export function listReferences(
  database: Database,
): { readonly reference: string; readonly imageId: string }[] {
  const rows = database.query("SELECT reference, image_id AS imageId FROM tags ORDER BY reference").all();
  return rows as { reference: string; imageId: string }[];
}

/** The image that a canonical reference means. */
export function imageIdOfReference(database: Database, reference: string): string | undefined {
  const row = database.query("SELECT image_id AS id FROM tags WHERE reference = ?").get(reference);
  return (row as { id: string } | null)?.id;
}

/** chainIDs of an image, from the lowest to the top. */
export function layersOf(database: Database, id: string): ChainId[] {
  const sql = "SELECT chain_id AS chainId FROM image_layers WHERE image_id = ? ORDER BY position";
  return (database.query(sql).all(id) as { chainId: ChainId }[]).map((row) => row.chainId);
}

/** Names of an image's layer folders below ROOT/layers, the top first. */
export function layerDirectoriesOf(database: Database, id: string): string[] {
  const sql = `SELECT directory FROM image_layers JOIN layers USING (chain_id)
    WHERE image_id = ? ORDER BY position DESC`;
  return (database.query(sql).all(id) as { directory: string }[]).map((row) => row.directory);
}

/** Containers made from an image. */
export function containersOf(
  database: Database,
  id: string,
): { readonly id: string; readonly phase: string }[] {
  const sql = "SELECT id, phase FROM containers WHERE registered_image = ? ORDER BY created_at";
  return database.query(sql).all(id) as { id: string; phase: string }[];
}

/**
 * Registers an image, or adds to it what this manifest of the same config brings. To be called in a transaction.
 *
 * A SQLite foreign key fails when a layer is not registered.
 */
export function putImage(database: Database, image: NewImage): void {
  database
    .query(
      `INSERT INTO images (id, manifest_digest, manifest_type, manifest_bytes, platform, size_bytes,
        created_at, registered_at, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET manifest_digest = excluded.manifest_digest,
        manifest_type = excluded.manifest_type, manifest_bytes = excluded.manifest_bytes`,
    )
    .run(
      image.id,
      image.manifestDigest,
      image.manifestType,
      image.manifestBytes,
      image.platform,
      image.sizeBytes,
      image.createdAt,
      new Date().toISOString(),
      JSON.stringify(image.config),
    );
  const addLayer = database.query("INSERT OR IGNORE INTO image_layers VALUES (?, ?, ?)");
  for (const [position, chainId] of image.layers.entries()) addLayer.run(image.id, position, chainId);
  const addBlob = database.query("INSERT OR IGNORE INTO image_blobs VALUES (?, ?)");
  for (const digest of new Set(image.blobs)) addBlob.run(image.id, digest);
}

/** Makes a canonical reference mean this image. What it meant before keeps its other names, or becomes dangling. */
export function putTag(database: Database, reference: string, imageId: string): void {
  database
    .query(
      `INSERT INTO tags (reference, image_id) VALUES (?, ?)
      ON CONFLICT (reference) DO UPDATE SET image_id = excluded.image_id`,
    )
    .run(reference, imageId);
}

/** Removes a canonical reference. */
export function deleteTag(database: Database, reference: string): void {
  database.query("DELETE FROM tags WHERE reference = ?").run(reference);
}

/** Removes an image with its references. Layers and blobs stay until they are released (src/store/release.ts). */
export function deleteImage(database: Database, id: string): void {
  database.query("DELETE FROM images WHERE id = ?").run(id);
}

/** One statement for what nearly every command asks. */
function imageOfReference(database: Database, reference: Reference): ImageRecord | undefined {
  const sql = `SELECT ${COLUMNS} FROM tags JOIN images ON images.id = image_id WHERE reference = ?`;
  const row = database.query(sql).get(canonicalReference(withDefaultTag(reference))) as Row | null;
  return row === null ? undefined : fromRow(row);
}

function findByName(database: Database, text: string): string | undefined {
  const reference = parseOrUndefined(text);
  if (reference === undefined) return undefined;
  return imageIdOfReference(database, canonicalReference(withDefaultTag(reference)));
}

/** `sha256:…` or `name@sha256:…`: the digest of a config, or of a manifest. */
function findByDigest(database: Database, text: string): string | undefined {
  const reference = isDigest(text) ? undefined : parseOrUndefined(text);
  const digest = isDigest(text) ? text : reference?.digest;
  if (digest === undefined) return undefined;
  const sql = "SELECT id FROM images WHERE id = ?1 OR manifest_digest = ?1 LIMIT 1";
  const row = database.query(sql).get(digest) as { id: string } | null;
  if (row === null || reference === undefined) return row?.id;
  const name = canonicalName(reference);
  const isOfName = referencesOf(database, row.id).some(
    (known) => /^[:@]/.test(known.slice(name.length)) && known.startsWith(name),
  );
  return isOfName ? row.id : undefined;
}

function findByPrefix(database: Database, text: string): string | undefined {
  const hex = text.startsWith("sha256:") ? text.slice("sha256:".length) : text;
  if (!/^[0-9a-f]{1,64}$/.test(hex)) return undefined;
  const sql = "SELECT id FROM images WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2";
  const rows = database.query(sql).all(`sha256:${hex}`) as { id: string }[];
  if (rows.length > 1) throw new ConflictError(`multiple IDs found with provided prefix: ${text}`);
  return rows[0]?.id;
}

function parseOrUndefined(text: string) {
  try {
    return parseReference(text);
  } catch {
    return undefined; // It may still be an ID.
  }
}

function displayReference(text: string): string {
  const reference = parseOrUndefined(text);
  return reference === undefined ? text : familiarReference(withDefaultTag(reference));
}
