import { readFileSync } from "node:fs";
import { InvalidDataError, UnsupportedError } from "../errors.ts";
import { CONFIG_LIMIT_BYTES, type ImageConfig, parseImageConfig } from "../spec/image-config.ts";
import { type Manifest, MANIFEST_LIMIT_BYTES } from "../spec/manifest.ts";
import { canonicalReference, parseReference, withDefaultTag } from "../spec/reference.ts";
import type { SpooledBlob } from "../store/blob-spool.ts";
import type { LoadSource } from "./load-source.ts";

/** One image of a source: all its parts are there, and are what its digests say. */
export interface LoadPlan {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly configBlob: SpooledBlob;
  /** The lowest first. */
  readonly layerBlobs: readonly SpooledBlob[];
  /** Canonical references. */
  readonly references: readonly string[];
}

/** Reads a JSON document of a source; `undefined` when it has none of that name. */
export function readDocument(source: LoadSource, name: string, limitBytes: number): Uint8Array | undefined {
  const blob = source.find(name);
  return blob === undefined ? undefined : readBlob(blob, name, limitBytes);
}

/** Reads a small blob whole. */
export function readBlob(
  blob: SpooledBlob,
  name: string,
  limitBytes: number = MANIFEST_LIMIT_BYTES,
): Uint8Array {
  if (blob.sizeBytes <= limitBytes) return readFileSync(blob.path);
  throw new InvalidDataError(`Cannot read "${name}": ${blob.sizeBytes} bytes, more than ${limitBytes}`);
}

/** Puts a plan together once the manifest and its blobs are known. */
export function planImage(
  source: LoadSource,
  parts: Omit<LoadPlan, "config" | "references"> & { readonly names: readonly string[] },
): LoadPlan {
  const { manifest, configBlob, layerBlobs, names } = parts;
  const bytes = readBlob(configBlob, "the image's config", CONFIG_LIMIT_BYTES);
  const config = parseImageConfig(bytes, manifest.layers.length, source.subject);
  if (config.os !== "linux") {
    throw new UnsupportedError(`Cannot load ${source.subject}: it is made for ${config.os}, not for linux`);
  }
  return { manifest, config, configBlob, layerBlobs, references: [...new Set(names.map(canonicalOf))] };
}

function canonicalOf(name: string): string {
  return canonicalReference(withDefaultTag(parseReference(name)));
}
