import { NotFoundError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ImageIndex } from "./manifest.ts";
import { isIndexType, isManifestType } from "./media-type.ts";
import {
  compatiblePlatforms,
  formatPlatform,
  normalizePlatform,
  type Platform,
  samePlatform,
} from "./platform.ts";

/**
 * Chooses the manifest for a platform: the exact one, else the newest compatible variant.
 *
 * Entries without a platform are a fallback, and only a lone one: the config then says what it is.
 *
 * @throws {NotFoundError} when none fits; the message lists the platforms there are
 * @see image-spec image-index.md
 */
export function selectManifest(index: ImageIndex, wanted: Platform, subject: string): Descriptor {
  const images = index.manifests.filter(isImage);
  for (const platform of compatiblePlatforms(wanted)) {
    const found = images.find(
      (entry) => entry.platform !== undefined && samePlatform(entry.platform, platform),
    );
    if (found !== undefined) return found;
  }
  const unnamed = images.filter((entry) => entry.platform === undefined);
  if (unnamed.length === 1 && images.length === 1) return unnamed[0]!;
  const offered = images
    .flatMap((entry) => entry.platform ?? [])
    .map((p) => formatPlatform(normalizePlatform(p)));
  const state = offered.length === 0 ? "it offers none" : `it offers ${[...new Set(offered)].join(", ")}`;
  throw new NotFoundError(`Cannot find platform ${formatPlatform(wanted)} in image ${subject}: ${state}`, {
    hint: offered.length === 0 ? undefined : "Choose one with --platform",
  });
}

/** Build attestations sit in the same list, under the platform unknown/unknown. */
function isImage(entry: Descriptor): boolean {
  if (entry.annotations?.["vnd.docker.reference.type"] === "attestation-manifest") return false;
  if (entry.platform?.os === "unknown") return false;
  return isManifestType(entry.mediaType) || isIndexType(entry.mediaType);
}
