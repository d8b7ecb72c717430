/**
 * What `docker save` writes: manifest.json names the config and the layers of each image.
 *
 * @see moby, image/tarexport
 */
import { closeSync, openSync, readSync } from "node:fs";
import * as v from "valibot";
import { detectCompression, MAGIC_BYTES } from "../archive/compression.ts";
import { InvalidDataError } from "../errors.ts";
import { absentable, firstIssue } from "../spec/descriptor.ts";
import { parseJson } from "../spec/json.ts";
import { LAYER_LIMIT, MANIFEST_LIMIT_BYTES, type Manifest, parseManifest } from "../spec/manifest.ts";
import { MediaType } from "../spec/media-type.ts";
import type { SpooledBlob } from "../store/blob-spool.ts";
import { type LoadPlan, planImage, readDocument } from "./load-plan.ts";
import type { LoadSource } from "./load-source.ts";

export const DOCKER_MANIFEST_NAME = "manifest.json";

const SavedImages = v.array(
  v.object({
    Config: v.string(),
    RepoTags: absentable(v.array(v.string())),
    Layers: absentable(v.pipe(v.array(v.string()), v.maxLength(LAYER_LIMIT))),
  }),
);

const LAYER_TYPES = {
  none: MediaType.DOCKER_LAYER,
  gzip: MediaType.DOCKER_LAYER_GZIP,
  zstd: MediaType.DOCKER_LAYER_ZSTD,
} as const;

/** An entry of manifest.json. */
export interface SavedImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** Parses manifest.json; `undefined` when the source has none. */
export function readSavedImages(source: LoadSource): SavedImage[] | undefined {
  const bytes = readDocument(source, DOCKER_MANIFEST_NAME, MANIFEST_LIMIT_BYTES);
  if (bytes === undefined) return undefined;
  const document = parseJson(bytes, `${DOCKER_MANIFEST_NAME} of ${source.subject}`, MANIFEST_LIMIT_BYTES);
  const result = v.safeParse(SavedImages, document, { abortEarly: true });
  if (!result.success) {
    throw new InvalidDataError(`Cannot load ${source.subject}: manifest.json: ${firstIssue(result.issues)}`);
  }
  return result.output.map(({ Config, RepoTags, Layers }) => ({
    config: Config,
    names: RepoTags ?? [],
    layers: Layers ?? [],
  }));
}

/** Finds an image's parts, and writes the manifest that a registry would have for it. */
export function planSavedImage(source: LoadSource, saved: SavedImage): LoadPlan {
  const configBlob = require(source, saved.config);
  const layerBlobs = saved.layers.map((name) => require(source, name));
  const document = {
    schemaVersion: 2,
    mediaType: MediaType.DOCKER_MANIFEST,
    config: { mediaType: MediaType.DOCKER_CONFIG, size: configBlob.sizeBytes, digest: configBlob.digest },
    layers: layerBlobs.map((blob) => ({
      mediaType: layerType(blob),
      size: blob.sizeBytes,
      digest: blob.digest,
    })),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const manifest = parseManifest(bytes, MediaType.DOCKER_MANIFEST, source.subject) as Manifest;
  return planImage(source, { manifest, configBlob, layerBlobs, names: saved.names });
}

function require(source: LoadSource, name: string): SpooledBlob {
  const blob = source.find(name);
  if (blob !== undefined) return blob;
  throw new InvalidDataError(
    `Cannot load ${source.subject}: manifest.json names "${name}", which is missing`,
  );
}

function layerType({ path }: SpooledBlob): string {
  const fd = openSync(path, "r");
  try {
    const start = new Uint8Array(MAGIC_BYTES);
    return LAYER_TYPES[detectCompression(start.subarray(0, readSync(fd, start)))];
  } finally {
    closeSync(fd);
  }
}
