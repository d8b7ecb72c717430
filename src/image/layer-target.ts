import type { ChainId } from "../spec/chain-id.ts";
import type { Digest } from "../spec/digest.ts";

/** A layer's archive that is complete and verified, and its place in the image. */
export interface LayerArchive {
  readonly path: string;
  readonly mediaType: string;
  readonly diffId: Digest;
  readonly chainId: ChainId;
  /** chainIDs of the layers below, the lowest first. */
  readonly below: readonly ChainId[];
  /**
   * Settles when all layers below are in place, or one of them has failed. A layer that leaves out folders its files
   * are in waits for it before it is put in place itself: what is in place is complete, also after a crash.
   */
  readonly belowReady: Promise<unknown>;
  readonly signal?: AbortSignal;
  /** Told now and then how many bytes of the file are done. */
  readonly onProgress?: (blobBytes: number) => void;
}

/** Where layers are unpacked to. */
export interface LayerTarget {
  /** Whether the layer is there, whole. */
  has(chainId: ChainId): boolean;
  /**
   * Unpacks a layer and registers it. Idempotent, and safe beside others who do the same.
   *
   * @throws {InvalidDataError} when the archive is not the one that diffID names, or not a layer
   */
  unpack(archive: LayerArchive): Promise<void>;
  /** Bytes that a layer takes, unpacked. */
  sizeBytes(chainId: ChainId): number;
}
