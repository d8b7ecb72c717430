import { statSync } from "node:fs";
import { UnavailableError } from "../errors.ts";
import { removeTree } from "../kernel/remove-tree.ts";
import type { ChainId } from "../spec/chain-id.ts";
import type { LayerStore } from "../store/layers.ts";
import { inheritFolders } from "./inherit-folders.ts";
import type { LayerArchive, LayerTarget } from "./layer-target.ts";
import { type UnpackedBlob, unpackBlob } from "./unpack-blob.ts";
import { unpackInWorker } from "./unpack-pool.ts";

/** A smaller blob is unpacked in less time than a thread takes to start. */
const WORKER_WORTH_BYTES = 1_048_576;

/**
 * Unpacks layers into the store. Several may be unpacked at once, in any order.
 *
 * A layer appears when all of it is on disk and its diffID is verified; after a failure nothing of it is left.
 */
export class LayerUnpacker implements LayerTarget {
  readonly #layers: LayerStore;
  #isSwept = false;

  constructor(layers: LayerStore) {
    this.#layers = layers;
  }

  has(chainId: ChainId): boolean {
    return this.#layers.find(chainId) !== undefined;
  }

  sizeBytes(chainId: ChainId): number {
    return this.#layers.find(chainId)?.sizeBytes ?? 0;
  }

  /**
   * Unpacks a layer, unless it is there.
   *
   * @throws {InvalidDataError} for an archive that is damaged, hostile, or not the one that was expected
   * @throws {UnavailableError} when the disk is full
   */
  async unpack(archive: LayerArchive): Promise<void> {
    const { chainId, diffId, below, signal } = archive;
    if (this.has(chainId)) return;
    this.#sweep();
    const folder = this.#layers.makeTemporary();
    try {
      const { sizeBytes, implicitFolders } = await unpackTo(folder, archive);
      if (implicitFolders.length > 0) await this.#inherit(folder, implicitFolders, archive);
      signal?.throwIfAborted();
      const { trash } = this.#layers.place(
        { chainId, diffId, parentChainId: below.at(-1), sizeBytes },
        folder,
      );
      if (trash !== undefined) removeTree(trash);
    } catch (cause) {
      removeTree(folder);
      throw cause;
    }
  }

  /** Before the layer is in place: a crash must not leave one there that looks complete and is not. */
  async #inherit(folder: string, implicitFolders: readonly string[], archive: LayerArchive): Promise<void> {
    await archive.belowReady;
    archive.signal?.throwIfAborted();
    const lower = archive.below.map((chainId) => this.#layers.find(chainId)?.directory);
    if (!lower.every((path) => path !== undefined)) {
      throw new UnavailableError("Cannot unpack the layer: one below it was removed meanwhile", {
        hint: "Try again",
      });
    }
    inheritFolders(folder, implicitFolders, lower.toReversed());
  }

  /** Removes what processes that are gone left half unpacked. */
  #sweep(): void {
    if (this.#isSwept) return;
    this.#isSwept = true;
    for (const leftover of this.#layers.leftovers()) removeTree(leftover);
  }
}

function unpackTo(folder: string, { path, diffId, onProgress, signal }: LayerArchive): Promise<UnpackedBlob> {
  const request = { blobPath: path, folder, expectedDiffId: diffId };
  const unpack = statSync(path).size < WORKER_WORTH_BYTES ? unpackBlob : unpackInWorker;
  return unpack(request, onProgress ?? ignore, signal);
}

function ignore(): void {}
