import type { Database } from "bun:sqlite";
import { chainIds } from "../spec/chain-id.ts";
import type { Digest } from "../spec/digest.ts";
import type { ImageConfig } from "../spec/image-config.ts";
import type { Manifest } from "../spec/manifest.ts";
import { formatPlatform } from "../spec/platform.ts";
import type { ContentStore } from "../store/content.ts";
import { durably } from "../store/database.ts";
import { putImage, putTag } from "../store/images.ts";

import type { LayerTarget } from "./layer-target.ts";

/** What docker says of an image whose config names no time. */
const UNKNOWN_TIME = "0001-01-01T00:00:00Z";

/** An image whose layers, config and manifest are all here. */
export interface CompleteImage {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** Canonical references that shall mean it. */
  readonly references: readonly string[];
}

/**
 * Makes an image known, in one transaction that is on disk when this returns.
 *
 * @returns false, and nothing registered, when a layer or blob has been released in the meantime: bring it again
 */
export function registerImage(
  database: Database,
  content: ContentStore,
  target: LayerTarget,
  { manifest, config, references }: CompleteImage,
): boolean {
  const chain = chainIds(config.rootfs.diff_ids);
  return durably(database, () => {
    const needed = [manifest.digest, manifest.config.digest];
    if (!chain.every((chainId) => target.has(chainId)) || !needed.every((digest) => content.has(digest)))
      return false;
    const { created, config: runConfig = {} } = config;
    putImage(database, {
      id: manifest.config.digest,
      manifestDigest: manifest.digest,
      manifestType: manifest.mediaType,
      manifestBytes: manifest.bytes.length,
      platform: formatPlatform(config),
      sizeBytes: chain.reduce((total, chainId) => total + target.sizeBytes(chainId), 0),
      createdAt: created !== undefined && !Number.isNaN(Date.parse(created)) ? created : UNKNOWN_TIME,
      config: runConfig,
      layers: chain,
      blobs: [...needed, ...storedLayers(manifest, content)],
    });
    for (const reference of references) putTag(database, reference, manifest.config.digest);
    return true;
  });
}

/** A layer that was unpacked for another image may never have come as this blob. */
function storedLayers({ layers }: Manifest, content: ContentStore): Digest[] {
  return layers.filter(({ digest, size }) => content.has(digest, size)).map(({ digest }) => digest);
}
