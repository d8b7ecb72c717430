import { InvalidDataError, NotFoundError, UnsupportedError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../spec/digest.ts";
import { CONFIG_LIMIT_BYTES, type ImageConfig, parseImageConfig } from "../spec/image-config.ts";
import { type ImageIndex, type Manifest, parseManifest } from "../spec/manifest.ts";
import {
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  type Platform,
  samePlatform,
} from "../spec/platform.ts";
import { familiarReference, type Reference } from "../spec/reference.ts";
import { selectManifest } from "../spec/select-manifest.ts";
import type { ContentStore } from "../store/content.ts";

/** Indexes may point to indexes; nobody nests them deeper than this. */
const INDEX_DEPTH_LIMIT = 4;

/** An image as the registry describes it, before any layer is fetched. */
export interface PullPlan {
  /** Of what the tag points to: the index, if there is one. This is the digest that docker shows. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly platform: Platform;
}

/**
 * Finds the manifest for a platform and stores it with its config.
 *
 * @param wanted the platform that was asked for; without one this machine's, and a lone manifest is taken as it is
 * @throws {NotFoundError} when the image has no such platform
 */
export async function planPull(
  client: RegistryClient,
  content: ContentStore,
  reference: Reference,
  wanted: Platform | undefined,
): Promise<PullPlan> {
  const subject = familiarReference(reference);
  const raw = await client.manifest(reference.digest ?? reference.tag!);
  const top = parseManifest(raw.bytes, raw.mediaType, subject);
  const manifest = await resolveIndexes(client, top, wanted ?? hostPlatform(), subject);
  const config = parseImageConfig(
    await fetchConfig(client, content, manifest, subject),
    manifest.layers.length,
    subject,
  );
  const { os, architecture, variant } = config;
  const platform: Platform = { os, architecture, variant };
  requirePlatform(platform, wanted, subject);
  await content.putBytes(manifest.bytes);
  return { digest: raw.digest, manifest, config, platform };
}

async function resolveIndexes(
  client: RegistryClient,
  top: Manifest | ImageIndex,
  wanted: Platform,
  subject: string,
): Promise<Manifest> {
  let document = top;
  for (let depth = 0; document.kind === "index"; depth++) {
    if (depth === INDEX_DEPTH_LIMIT) {
      throw new InvalidDataError(
        `Cannot use manifest of ${subject}: indexes nested deeper than ${INDEX_DEPTH_LIMIT}`,
      );
    }
    const { digest, size, mediaType } = selectManifest(document, wanted, subject);
    const { bytes } = await client.manifest(digest);
    if (bytes.length !== size) {
      throw new InvalidDataError(
        `Cannot use manifest of ${subject}: ${bytes.length} bytes instead of ${size}`,
      );
    }
    document = parseManifest(bytes, mediaType, subject);
  }
  return document;
}

async function fetchConfig(
  client: RegistryClient,
  content: ContentStore,
  { config }: Manifest,
  subject: string,
): Promise<Uint8Array> {
  if (config.size > CONFIG_LIMIT_BYTES) {
    throw new InvalidDataError(
      `Cannot use image ${subject}: a config of ${config.size} bytes is over the limit`,
    );
  }
  if (!content.has(config.digest, config.size)) {
    using blob = await content.ingest({ digest: config.digest, sizeBytes: config.size }, client.blob(config));
    await blob.commit();
  }
  return content.read(config.digest, CONFIG_LIMIT_BYTES);
}

function requirePlatform(platform: Platform, wanted: Platform | undefined, subject: string): void {
  if (platform.os !== "linux") {
    throw new UnsupportedError(`Cannot use image ${subject}: it is made for ${platform.os}, not for linux`);
  }
  if (wanted === undefined) return;
  if (compatiblePlatforms(wanted).some((candidate) => samePlatform(candidate, platform))) return;
  const offered = formatPlatform(platform);
  throw new NotFoundError(
    `Cannot find platform ${formatPlatform(wanted)} in image ${subject}: it offers ${offered}`,
  );
}
