import type { Database } from "bun:sqlite";
import { createReadStream, statSync } from "node:fs";
import { InvalidDataError, NotFoundError, UnavailableError } from "../errors.ts";
import { type ChainId, chainIds } from "../spec/chain-id.ts";
import { shortId } from "../spec/digest.ts";
import { formatPlatform, hostPlatform, parsePlatform, samePlatform } from "../spec/platform.ts";
import { familiarReference, parseReference } from "../spec/reference.ts";
import { ContentStore } from "../store/content.ts";
import { storePaths } from "../store/layout.ts";
import { writeLayoutIndex } from "../store/layout-index.ts";
import { collectGarbage, release } from "./collect.ts";
import type { LayerTarget } from "./layer-target.ts";
import { ArchiveSource, readArchive } from "./load-archive.ts";
import { planSavedImage, readSavedImages } from "./load-docker.ts";
import { FolderSource } from "./load-folder.ts";
import { planLayout, readLayoutIndex } from "./load-oci.ts";
import type { LoadPlan } from "./load-plan.ts";
import type { LoadSource } from "./load-source.ts";
import { type PullProgress, SILENT } from "./progress.ts";
import { registerImage } from "./register.ts";

export interface LoadOptions {
  readonly rootDir: string;
  readonly database: Database;
  readonly target: LayerTarget;
  /** A file or a folder; standard input when left out. */
  readonly path?: string | undefined;
  /** `os/arch[/variant]`: the only platform to load. */
  readonly platform?: string | undefined;
  readonly progress?: PullProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An image that was loaded. */
export interface Loaded {
  readonly imageId: string;
  /** As people write them; none for an image without a name. */
  readonly references: readonly string[];
}

interface Tools {
  readonly database: Database;
  readonly content: ContentStore;
  readonly target: LayerTarget;
  readonly progress: PullProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Brings in the images of a docker-archive or an OCI layout: an archive, compressed or not, or a folder.
 *
 * Every image becomes visible in one step, when all of it is verified and on disk. What fails leaves nothing behind.
 *
 * @throws {NotFoundError} no such file, or a part of an image is missing
 * @throws {InvalidDataError} it is not an image, or is not what its digests say   @throws {UnavailableError} disk full
 */
export async function load(options: LoadOptions): Promise<Loaded[]> {
  const { database, target, signal } = options;
  using content = new ContentStore(storePaths(options.rootDir));
  content.begin();
  const tools: Tools = { database, content, target, progress: options.progress ?? SILENT, signal };
  const loaded: Loaded[] = [];
  try {
    using source = await openSource(options, content);
    for (const plan of planSource(source, options.platform)) loaded.push(await bring(plan, source, tools));
  } finally {
    content[Symbol.dispose]();
    collectGarbage(database, content);
    writeLayoutIndex(database, content);
  }
  return loaded;
}

async function openSource(
  { path, signal }: LoadOptions,
  content: ContentStore,
): Promise<LoadSource & { [Symbol.dispose](): void }> {
  if (path === undefined)
    return readSource("standard input", createReadStream("", { fd: 0 }), content, signal);
  const subject = `"${path}"`;
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new NotFoundError(`Cannot load ${subject}: no such file or directory`);
  if (status.isDirectory()) return new FolderSource(path, content);
  return readSource(subject, createReadStream(path, { highWaterMark: 524_288 }), content, signal);
}

async function readSource(
  subject: string,
  stream: ReturnType<typeof createReadStream>,
  content: ContentStore,
  signal: AbortSignal | undefined,
): Promise<LoadSource> {
  const source = new ArchiveSource(subject, content);
  try {
    await readArchive(stream, source, signal);
    return source;
  } catch (cause) {
    source[Symbol.dispose]();
    throw cause;
  } finally {
    stream.destroy();
  }
}

/** What `docker save` writes since version 25 is both: the index keeps the manifest's digest, manifest.json all names. */
function planSource(source: LoadSource, platformText: string | undefined): LoadPlan[] {
  const platform = platformText === undefined ? hostPlatform() : parsePlatform(platformText);
  const index = readLayoutIndex(source);
  const saved = readSavedImages(source);
  if (index === undefined && saved === undefined) {
    throw new InvalidDataError(
      `Cannot load ${source.subject}: it is not an image, for it has neither manifest.json nor index.json`,
      { hint: "Give what docker save wrote, or an OCI image layout" },
    );
  }
  const plans =
    index === undefined
      ? saved!.map((image) => planSavedImage(source, image))
      : planLayout(source, index, platform).map((plan) => withSavedNames(plan, source, saved ?? []));
  if (platformText === undefined) return plans;
  const fitting = plans.filter(({ config }) => samePlatform(config, platform));
  if (fitting.length > 0) return fitting;
  const offered = plans.map(({ config }) => formatPlatform(config)).join(", ");
  throw new NotFoundError(
    `Cannot load ${source.subject}: it has ${offered}, but not ${formatPlatform(platform)}`,
  );
}

function withSavedNames(
  plan: LoadPlan,
  source: LoadSource,
  saved: ReturnType<typeof readSavedImages> & {},
): LoadPlan {
  const same = saved.filter(({ config }) => source.find(config)?.digest === plan.manifest.config.digest);
  const names = same.flatMap((image) => planSavedImage(source, image).references);
  return { ...plan, references: [...new Set([...plan.references, ...names])] };
}

/** Brings in one image: its blobs and layers at once, then its rows. */
async function bring(plan: LoadPlan, source: LoadSource, tools: Tools): Promise<Loaded> {
  const { manifest, config, references, configBlob, layerBlobs } = plan;
  const { content, database, target } = tools;
  const made: ChainId[] = [];
  try {
    const blobs = [...new Set([configBlob, ...layerBlobs])];
    const stored = blobs.map((blob) =>
      content.has(blob.digest, blob.sizeBytes) ? undefined : blob.commit(),
    );
    const work = [...stored, content.putBytes(manifest.bytes), ...unpackLayers(plan, tools, made)];
    await allOrFirstFailure(work);
    if (!registerImage(database, content, target, { manifest, config, references })) {
      throw new UnavailableError(`Cannot register ${source.subject}: its layers are being removed`, {
        hint: "Wait until images are no longer being removed, and try again",
      });
    }
  } catch (cause) {
    release(database, content, { layers: made, blobs: [] });
    throw cause;
  }
  const shown = references.map((reference) => familiarReference(parseReference(reference)));
  return { imageId: manifest.config.digest, references: shown };
}

/** Unpacks the layers that are missing, all at once: how many really are is the target's to say. */
function unpackLayers(
  { config, layerBlobs, manifest }: LoadPlan,
  tools: Tools,
  made: ChainId[],
): Promise<void>[] {
  const diffIds = config.rootfs.diff_ids;
  const chain = chainIds(diffIds);
  const started: Promise<void>[] = [];
  for (const [position, chainId] of chain.entries()) {
    const id = shortId(diffIds[position]!);
    if (tools.target.has(chainId)) {
      tools.progress.layer(id, "Already exists");
      continue;
    }
    const { path, sizeBytes: total } = layerBlobs[position]!;
    const archive = {
      path,
      mediaType: manifest.layers[position]!.mediaType,
      diffId: diffIds[position]!,
      chainId,
      below: chain.slice(0, position),
      belowReady: Promise.allSettled([...started]),
      onProgress: (bytes: number) =>
        tools.progress.layer(id, "Extracting", { current: Math.min(bytes, total), total }),
      ...(tools.signal !== undefined && { signal: tools.signal }),
    };
    const unpack = async () => {
      await tools.target.unpack(archive);
      made.push(chainId);
      tools.progress.layer(id, "Pull complete");
    };
    started.push(unpack());
  }
  return started;
}

/** Waits for all, so that nothing goes on behind a failure; then reports the failure that came first. */
async function allOrFirstFailure(tasks: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  try {
    await Promise.all(tasks);
  } catch (cause) {
    await Promise.allSettled(tasks);
    throw cause;
  }
}
