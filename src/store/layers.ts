import type { Database } from "bun:sqlite";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import type { ChainId } from "../spec/chain-id.ts";
import type { Digest } from "../spec/digest.ts";
import { durably } from "./database.ts";
import { layerDirectoryName, type StorePaths, TEMPORARY_PREFIX } from "./layout.ts";
import { currentOwner, formatOwner } from "./owner.ts";
import { leftoverLayerFolders } from "./release.ts";

/** An unpacked layer. */
export interface LayerRecord {
  readonly chainId: ChainId;
  readonly diffId: Digest;
  readonly parentChainId: ChainId | undefined;
  /** The content of its files. */
  readonly sizeBytes: number;
  /** Its folder, absolute. */
  readonly directory: string;
}

interface Row {
  readonly diffId: Digest;
  readonly parentChainId: ChainId | null;
  readonly sizeBytes: number;
  readonly directory: string;
}

/** The unpacked layers in ROOT/layers, each present when its row and its folder both exist. */
export class LayerStore {
  readonly #database: Database;
  readonly #paths: StorePaths;
  #count = 0;

  constructor(database: Database, paths: StorePaths) {
    this.#database = database;
    this.#paths = paths;
  }

  /** The layer with this chainID, if it is here. */
  find(chainId: ChainId): LayerRecord | undefined {
    const sql = `SELECT diff_id AS diffId, parent_chain_id AS parentChainId, size_bytes AS sizeBytes,
      directory FROM layers WHERE chain_id = ?`;
    const row = this.#database.query(sql).get(chainId) as Row | null;
    if (row === null) return undefined;
    const directory = `${this.#paths.layers}/${row.directory}`;
    if (!existsSync(directory)) return undefined;
    const { diffId, sizeBytes } = row;
    return { chainId, diffId, parentChainId: row.parentChainId ?? undefined, sizeBytes, directory };
  }

  /** Makes an empty folder to unpack into; its name says whose it is. */
  makeTemporary(): string {
    const path = this.#temporaryPath();
    mkdirSync(this.#paths.layers, { recursive: true, mode: 0o700 });
    mkdirSync(path, { mode: 0o755 });
    return path;
  }

  /** Folders that processes which are gone left behind. They are the caller's to remove, with all they hold. */
  leftovers(): string[] {
    return leftoverLayerFolders(this.#database, this.#paths);
  }

  /**
   * Puts a complete folder, which must be on disk, in its place, and registers it: both or neither.
   *
   * @returns the folder that is to be removed, when somebody else brought the layer first or left half of it
   */
  place(layer: Omit<LayerRecord, "directory">, folder: string): { readonly trash?: string } {
    return durably(this.#database, () => {
      if (this.find(layer.chainId) !== undefined) return { trash: folder };
      const name = layerDirectoryName(layer.chainId);
      const directory = `${this.#paths.layers}/${name}`;
      const trash = existsSync(directory) ? this.#temporaryPath() : undefined;
      if (trash !== undefined) renameSync(directory, trash);
      renameSync(folder, directory);
      syncFolder(this.#paths.layers);
      this.#database
        .query(
          `INSERT OR REPLACE INTO layers
          (chain_id, directory, diff_id, parent_chain_id, size_bytes, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .run(
          layer.chainId,
          name,
          layer.diffId,
          layer.parentChainId ?? null,
          layer.sizeBytes,
          new Date().toISOString(),
        );
      return trash === undefined ? {} : { trash };
    });
  }

  #temporaryPath(): string {
    const unique = `${this.#count++}-${crypto.randomUUID().slice(0, 8)}`;
    return `${this.#paths.layers}/${TEMPORARY_PREFIX}${formatOwner(currentOwner())}-${unique}`;
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
