import type { Database } from "bun:sqlite";
import { UnavailableError } from "../errors.ts";
import { RegistryClient, type RegistryOptions } from "../registry/client.ts";
import type { ChainId } from "../spec/chain-id.ts";
import type { Digest } from "../spec/digest.ts";
import {
  compatiblePlatforms,
  hostPlatform,
  type Platform,
  parsePlatform,
  samePlatform,
} from "../spec/platform.ts";
import {
  canonicalName,
  canonicalReference,
  familiarReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from "../spec/reference.ts";
import { ContentStore } from "../store/content.ts";
import { getImage, imageIdOfReference } from "../store/images.ts";
import { storePaths } from "../store/layout.ts";
import { writeLayoutIndex } from "../store/layout-index.ts";
import { collectGarbage, release } from "./collect.ts";
import type { LayerTarget } from "./layer-target.ts";
import { type PullProgress, SILENT } from "./progress.ts";
import { pullLayers } from "./pull-layers.ts";
import { planPull, type PullPlan } from "./pull-plan.ts";
import { registerImage } from "./register.ts";

/** Somebody who removes images can take away what was just found; he does not do so for ever. */
const REGISTER_ATTEMPTS = 3;

export interface PullOptions {
  readonly rootDir: string;
  readonly database: Database;
  readonly target: LayerTarget;
  readonly registry: RegistryOptions;
  /** `os/arch[/variant]`; this machine's when left out. */
  readonly platform?: string | undefined;
  readonly progress?: PullProgress | undefined;
}

export interface Pulled {
  /** As people write it, with its tag: `alpine:latest`. */
  readonly reference: string;
  /** `docker.io/library/alpine:latest` */
  readonly canonical: string;
  /** Of what the tag points to in the registry. */
  readonly digest: Digest;
  readonly imageId: string;
  /** Whether the tag meant this very image before. */
  readonly upToDate: boolean;
}

/**
 * Brings an image from a registry.
 *
 * It becomes visible in one step, when all of it is verified and on disk. A pull that fails registers nothing and
 * removes the layers it made; downloads that were complete stay for the next attempt.
 *
 * @throws {InvalidDataError} a bad reference, or a registry that lies   @throws {NotFoundError} name, tag or platform
 * @throws {PermissionError} refused   @throws {UnavailableError} unreachable, or a full disk
 */
export async function pull(text: string, options: PullOptions): Promise<Pulled> {
  const reference = withDefaultTag(parseReference(text));
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const progress = options.progress ?? SILENT;
  const abort = new AbortController();
  const { signal } = options.registry;
  if (signal !== undefined) signal.addEventListener("abort", () => abort.abort(signal.reason));
  const client = new RegistryClient(reference, { ...options.registry, signal: abort.signal });
  progress.message(`${reference.digest ?? reference.tag}: Pulling from ${reference.path}`);

  const known = await findKnown(client, reference, platform, options.database);
  if (known !== undefined) return { ...known, upToDate: true };

  const { database, target } = options;
  using content = new ContentStore(storePaths(options.rootDir));
  content.begin();
  const plan = await planPull(client, content, reference, platform);
  const tag = canonicalReference(reference);
  const before = imageIdOfReference(database, tag);
  await bringAndRegister(plan, reference, { database, target, content, client, progress, abort });
  content[Symbol.dispose]();
  collectGarbage(database, content);
  writeLayoutIndex(database, content);
  const imageId = plan.manifest.config.digest;
  return { ...described(reference, plan.digest), imageId, upToDate: before === imageId };
}

interface PullTools {
  readonly database: Database;
  readonly target: LayerTarget;
  readonly content: ContentStore;
  readonly client: RegistryClient;
  readonly progress: PullProgress;
  readonly abort: AbortController;
}

async function bringAndRegister(plan: PullPlan, reference: Reference, tools: PullTools): Promise<void> {
  const { database, content, target } = tools;
  const references = [canonicalReference(reference), `${canonicalName(reference)}@${plan.digest}`];
  const made: ChainId[] = [];
  try {
    for (let attempt = 1; attempt <= REGISTER_ATTEMPTS; attempt++) {
      await pullLayers(plan, tools, made);
      if (registerImage(database, content, target, { ...plan, references })) return;
      await restore(plan, tools);
    }
    throw new UnavailableError(
      `Cannot register ${familiarReference(reference)}: its layers are being removed`,
      {
        hint: "Wait until images are no longer being removed, and try again",
      },
    );
  } catch (cause) {
    release(database, content, { layers: made, blobs: [] });
    throw cause;
  }
}

/** Brings manifest and config back after somebody released them. */
async function restore({ manifest }: PullPlan, { content, client }: PullTools): Promise<void> {
  await content.putBytes(manifest.bytes);
  const { config } = manifest;
  if (content.has(config.digest, config.size)) return;
  using blob = await content.ingest({ digest: config.digest, sizeBytes: config.size }, client.blob(config));
  await blob.commit();
}

/** Asks the registry what the tag points to; if that image is here already, there is nothing to fetch. */
async function findKnown(
  client: RegistryClient,
  reference: Reference,
  platform: Platform | undefined,
  database: Database,
): Promise<Omit<Pulled, "upToDate"> | undefined> {
  const canonical = canonicalReference(reference);
  const imageId = imageIdOfReference(database, canonical);
  if (imageId === undefined) return undefined;
  const image = getImage(database, imageId);
  const isWanted = compatiblePlatforms(platform ?? hostPlatform()).some(
    (candidate) => image !== undefined && samePlatform(candidate, parsePlatform(image.platform)),
  );
  const digest = reference.digest ?? (await client.resolveTag(reference.tag!));
  if (!isWanted || digest === undefined) return undefined;
  const byDigest = `${canonicalName(reference)}@${digest}`;
  if (imageIdOfReference(database, byDigest) !== imageId) return undefined;
  return { ...described(reference, digest), imageId };
}

function described(reference: Reference, digest: Digest) {
  return { reference: familiarReference(reference), canonical: canonicalReference(reference), digest };
}
