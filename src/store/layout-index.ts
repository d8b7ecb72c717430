import type { Database } from "bun:sqlite";
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { MediaType } from "../spec/media-type.ts";
import type { ContentStore } from "./content.ts";

interface Row {
  readonly id: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly reference: string | null;
}

/**
 * Writes the layout's `index.json`, by which other tools find our images: one entry for each tag.
 *
 * It repeats what the database says and is read by nobody here. Images that were loaded without their compressed
 * layers are left out. The write lock is held, so the last writer is the one who knows best.
 *
 * @see image-spec image-layout.md "index.json File"
 */
export function writeLayoutIndex(database: Database, content: ContentStore): void {
  const write = database.transaction(() => {
    const rows = database
      .query(
        `SELECT id, manifest_type AS mediaType, manifest_digest AS digest, manifest_bytes AS size, reference
        FROM images LEFT JOIN tags ON tags.image_id = images.id AND reference NOT LIKE '%@%'
        ORDER BY reference, id`,
      )
      .all() as Row[];
    const blobs = new Set<string>(content.list());
    const manifests = rows.filter(({ digest }) => blobs.has(digest)).map(descriptorOf);
    const text = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.OCI_INDEX, manifests });
    replaceFile(`${content.paths.image}/index.json`, text);
  });
  write.immediate();
}

function descriptorOf({ mediaType, digest, size, reference }: Row) {
  if (reference === null) return { mediaType, digest, size };
  return { mediaType, digest, size, annotations: { "org.opencontainers.image.ref.name": reference } };
}

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
