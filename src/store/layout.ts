import type { ChainId } from "../spec/chain-id.ts";
import { type Digest, digestAlgorithm, digestHex } from "../spec/digest.ts";

/** Hex digits of a chainID in a layer's folder name: overlayfs takes all its layers in one page of mount options. */
const LAYER_NAME_DIGITS = 24;

/** Names in ROOT/layers that start with this are unfinished or thrown away, and never part of an image. */
export const TEMPORARY_PREFIX = ".tmp-";

/** Where things are below the data root. */
export interface StorePaths {
  /** An OCI image layout: other tools can read it. */
  readonly image: string;
  readonly blobs: string;
  /** Unfinished downloads, a folder for each process that has any. */
  readonly ingest: string;
  readonly layers: string;
}

/** The folders of a data root. None of them is made here. */
export function storePaths(rootDir: string): StorePaths {
  const image = `${rootDir}/image`;
  return { image, blobs: `${image}/blobs`, ingest: `${image}/ingest`, layers: `${rootDir}/layers` };
}

/** A blob's file. A Digest is canonical hex, so this never leaves the store. */
export function blobPath(paths: StorePaths, digest: Digest): string {
  return `${paths.blobs}/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** The name of a layer's folder below ROOT/layers. */
export function layerDirectoryName(chainId: ChainId): string {
  return digestHex(chainId).slice(0, LAYER_NAME_DIGITS);
}
