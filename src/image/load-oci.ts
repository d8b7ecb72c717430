/**
 * An OCI image layout: index.json names manifests, and all blobs are found by digest.
 *
 * @see image-spec image-layout.md
 */
import { InvalidDataError, NotFoundError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { digestAlgorithm, digestHex } from "../spec/digest.ts";
import { type ImageIndex, MANIFEST_LIMIT_BYTES, type Manifest, parseManifest } from "../spec/manifest.ts";
import { isIndexType, isManifestType, MediaType } from "../spec/media-type.ts";
import type { Platform } from "../spec/platform.ts";
import { selectManifest } from "../spec/select-manifest.ts";
import type { SpooledBlob } from "../store/blob-spool.ts";
import { type LoadPlan, planImage, readBlob, readDocument } from "./load-plan.ts";
import type { LoadSource } from "./load-source.ts";

export const OCI_INDEX_NAME = "index.json";

/** As for pulls: indexes may point to indexes. */
const INDEX_DEPTH_LIMIT = 4;

/** containerd writes the whole name here; the spec's own annotation is often a tag alone, which names no image. */
const NAME_ANNOTATIONS = ["io.containerd.image.name", "org.opencontainers.image.ref.name"] as const;

/** Parses index.json; `undefined` when the source has none. */
export function readLayoutIndex(source: LoadSource): ImageIndex | undefined {
  const bytes = readDocument(source, OCI_INDEX_NAME, MANIFEST_LIMIT_BYTES);
  if (bytes === undefined) return undefined;
  const document = parseManifest(bytes, MediaType.OCI_INDEX, source.subject);
  if (document.kind === "index") return document;
  throw new InvalidDataError(`Cannot load ${source.subject}: its index.json is not an index`);
}

/** Finds the images of a layout: each that has a name, or the one for a platform when none has. */
export function planLayout(source: LoadSource, index: ImageIndex, wanted: Platform): LoadPlan[] {
  const images = index.manifests.filter(isImage);
  if (images.length === 0)
    throw new InvalidDataError(`Cannot load ${source.subject}: its index.json lists no image`);
  const isOneImage = images.length > 1 && images.every((entry) => nameOf(entry) === nameOf(images[0]!));
  const chosen = isOneImage ? [selectManifest(index, wanted, source.subject)] : images;
  return chosen.map((entry) => planEntry(source, entry, wanted));
}

function planEntry(source: LoadSource, entry: Descriptor, wanted: Platform): LoadPlan {
  const manifest = resolve(source, entry, wanted);
  const name = nameOf(entry);
  return planImage(source, {
    manifest,
    configBlob: blobOf(source, manifest.config),
    layerBlobs: manifest.layers.map((layer) => blobOf(source, layer)),
    names: name === undefined ? [] : [name],
  });
}

function resolve(source: LoadSource, entry: Descriptor, wanted: Platform): Manifest {
  let descriptor = entry;
  for (let depth = 0; depth <= INDEX_DEPTH_LIMIT; depth++) {
    const bytes = readBlob(blobOf(source, descriptor), descriptor.digest);
    const document = parseManifest(bytes, descriptor.mediaType, source.subject);
    if (document.kind === "manifest") return document;
    descriptor = selectManifest(document, wanted, source.subject);
  }
  throw new InvalidDataError(
    `Cannot load ${source.subject}: indexes nested deeper than ${INDEX_DEPTH_LIMIT}`,
  );
}

function blobOf(source: LoadSource, { digest, size }: Descriptor): SpooledBlob {
  const blob = source.find(`blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`);
  if (blob === undefined) throw new NotFoundError(`Cannot load ${source.subject}: blob ${digest} is missing`);
  if (blob.sizeBytes !== size) {
    throw new InvalidDataError(
      `Cannot load ${source.subject}: blob ${digest} has ${blob.sizeBytes} bytes instead of ${size}`,
    );
  }
  if (digestAlgorithm(digest) === "sha256" && blob.digest !== digest) {
    throw new InvalidDataError(`Cannot load ${source.subject}: blob ${digest} has the digest ${blob.digest}`);
  }
  return blob;
}

/** Signatures and attestations lie in the same list. */
function isImage({ mediaType, platform, annotations }: Descriptor): boolean {
  if (annotations?.["vnd.docker.reference.type"] === "attestation-manifest") return false;
  return platform?.os !== "unknown" && (isManifestType(mediaType) || isIndexType(mediaType));
}

function nameOf({ annotations }: Descriptor): string | undefined {
  const names = NAME_ANNOTATIONS.flatMap((key) => annotations?.[key] ?? []);
  return names.find((name) => /[:/]/.test(name));
}
