import * as v from "valibot";
import { InvalidDataError, UnsupportedError } from "../errors.ts";
import { absentable, type Descriptor, DescriptorSchema, firstIssue } from "./descriptor.ts";
import { type Digest, digestOf } from "./digest.ts";
import { parseJson } from "./json.ts";
import { isImageConfigType, isIndexType, isManifestType, layerCompression } from "./media-type.ts";

/** The distribution spec obliges registries to take manifests up to this size; larger ones are not read. */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

/** overlayfs mounts at most 500 lower layers. */
export const LAYER_LIMIT = 500;

/** One image: its config and its layers, the lowest first. */
export interface Manifest {
  readonly kind: "manifest";
  readonly mediaType: string;
  readonly digest: Digest;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly bytes: Uint8Array;
}

/** Several manifests, as a rule one for each platform. */
export interface ImageIndex {
  readonly kind: "index";
  readonly mediaType: string;
  readonly digest: Digest;
  readonly manifests: readonly Descriptor[];
  readonly bytes: Uint8Array;
}

const ManifestSchema = v.object({
  schemaVersion: v.literal(2),
  config: DescriptorSchema,
  layers: v.pipe(v.array(DescriptorSchema), v.maxLength(LAYER_LIMIT, `more than ${LAYER_LIMIT} layers`)),
});

const IndexSchema = v.object({
  schemaVersion: v.literal(2),
  manifests: v.array(DescriptorSchema),
});

const EnvelopeSchema = v.object({
  schemaVersion: v.optional(v.number()),
  mediaType: absentable(v.string()),
  layers: v.optional(v.unknown()),
  manifests: v.optional(v.unknown()),
  config: v.optional(v.unknown()),
  fsLayers: v.optional(v.unknown()),
});

/**
 * Parses a manifest or an index, and keeps its bytes since digests cover bytes.
 *
 * A document that can be read as both is refused: two programs would see two different images under one digest
 * (CVE-2021-41190). For the same reason the type it was served as must be the type it says it is.
 *
 * @param declaredType media type of the Content-Type header or of the descriptor that led here; `""` if unknown
 * @param subject for errors, `alpine:3`
 * @throws {InvalidDataError} when it breaks the spec   @throws {UnsupportedError} for schema 1 and artifacts
 * @see image-spec manifest.md, image-index.md
 */
export function parseManifest(
  bytes: Uint8Array,
  declaredType: string,
  subject: string,
): Manifest | ImageIndex {
  const document = parseJson(bytes, `manifest of ${subject}`, MANIFEST_LIMIT_BYTES);
  const envelope = check(EnvelopeSchema, document, subject);
  if (envelope.schemaVersion === 1 || envelope.fsLayers !== undefined) {
    throw new UnsupportedError(
      `Cannot use image ${subject}: its manifest has the obsolete schema version 1`,
      {
        hint: "Push the image again with a current tool",
      },
    );
  }
  const isIndex = envelope.manifests !== undefined;
  if (isIndex && (envelope.layers !== undefined || envelope.config !== undefined)) {
    throw refuse(subject, "it is a manifest and an index at once");
  }
  const mediaType = resolveType(envelope.mediaType, declaredType, isIndex, subject);
  const digest = digestOf(bytes);
  if (isIndex) {
    return {
      kind: "index",
      mediaType,
      digest,
      bytes,
      manifests: check(IndexSchema, document, subject).manifests,
    };
  }
  const { config, layers } = check(ManifestSchema, document, subject);
  const manifest: Manifest = { kind: "manifest", mediaType, digest, bytes, config, layers };
  requireImage(manifest, subject);
  return manifest;
}

/** The document's own type wins; without one the declared type must fit the document's shape. */
function resolveType(own: string | undefined, declared: string, isIndex: boolean, subject: string): string {
  const isKnown = (type: string) => isIndexType(type) || isManifestType(type);
  if (own !== undefined && isKnown(declared) && own !== declared) {
    throw refuse(subject, `its media type is "${own}", but it was announced as "${declared}"`);
  }
  const mediaType = own ?? declared;
  if (!isKnown(mediaType)) throw refuse(subject, `"${mediaType}" is not the media type of a manifest`);
  if (isIndexType(mediaType) !== isIndex)
    throw refuse(subject, `its content is not of its media type "${mediaType}"`);
  return mediaType;
}

function requireImage({ config, layers }: Manifest, subject: string): void {
  if (!isImageConfigType(config.mediaType)) {
    throw new UnsupportedError(`Cannot use ${subject}: it is no container image, but "${config.mediaType}"`);
  }
  for (const layer of layers) {
    if (layerCompression(layer.mediaType) !== undefined) continue;
    throw new UnsupportedError(`Cannot use image ${subject}: unknown layer type "${layer.mediaType}"`);
  }
}

function check<const Schema extends v.GenericSchema>(schema: Schema, document: unknown, subject: string) {
  const result = v.safeParse(schema, document, { abortEarly: true });
  if (result.success) return result.output as v.InferOutput<Schema>;
  throw refuse(subject, firstIssue(result.issues as [v.BaseIssue<unknown>]));
}

function refuse(subject: string, state: string): InvalidDataError {
  return new InvalidDataError(`Cannot use manifest of ${subject}: ${state}`);
}
