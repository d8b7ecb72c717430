import { statSync } from "node:fs";
import { removeTree } from "../kernel/remove-tree.ts";
import type { ChainId } from "../spec/chain-id.ts";
import type { LayerStore } from "../store/layers.ts";
import { inheritFolders } from "./inherit-folders.ts";
import type { LayerArchive, LayerTarget } from "./layer-target.ts";
import { type UnpackedBlob, unpackBlob } from "./unpack-blob.ts";
import { unpackInWorker } from "./unpack-pool.ts";

/** A smaller blob is unpacked in less time than a thread takes to start. */
const WORKER_WORTH_BYTES = 1_048_576;

/** A layer whose archive leaves out folders that its files are in. */
interface Unfinished {
  readonly directory: string;
  readonly implicitFolders: readonly string[];
  readonly below: readonly ChainId[];
}

/**
 * Unpacks layers into the store. Several may be unpacked at once, in any order.
 *
 * A layer appears when all of it is on disk and its diffID is verified; after a failure nothing of it is left.
 */
export class LayerUnpacker implements LayerTarget {
  readonly #layers: LayerStore;
  #unfinished: Unfinished[] = [];
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
      signal?.throwIfAborted();
      const { trash } = this.#layers.place(
        { chainId, diffId, parentChainId: below.at(-1), sizeBytes },
        folder,
      );
      if (trash !== undefined) removeTree(trash);
      const { directory } = this.#layers.find(chainId)!;
      if (implicitFolders.length > 0 && trash === undefined) {
        this.#unfinished.push({ directory, implicitFolders, below });
      }
    } catch (cause) {
      removeTree(folder);
      throw cause;
    }
    this.#finishLayers();
  }

  /**
   * Finishes the layers of which all those below are here: the last one to come finishes the others.
   *
   * Until an image refers to it, a layer that was left unfinished by a crash is garbage.
   */
  #finishLayers(): void {
    this.#unfinished = this.#unfinished.filter(({ directory, implicitFolders, below }) => {
      const lower = below.map((chainId) => this.#layers.find(chainId)?.directory);
      if (!lower.every((path) => path !== undefined)) return true;
      inheritFolders(directory, implicitFolders, lower.toReversed());
      return false;
    });
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
