import { InvalidDataError } from "../errors.ts";
import { limit } from "../lib/limit.ts";
import type { RegistryClient } from "../registry/client.ts";
import { type ChainId, chainIds } from "../spec/chain-id.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, shortId } from "../spec/digest.ts";
import type { ContentStore, IngestedBlob } from "../store/content.ts";
import type { LayerTarget } from "./layer-target.ts";
import type { PullProgress } from "./progress.ts";
import type { PullPlan } from "./pull-plan.ts";

/** As docker: more do not fill the line better, and registries count connections. */
const DOWNLOADS_AT_ONCE = 3;

export interface LayerTools {
  readonly client: RegistryClient;
  readonly content: ContentStore;
  readonly target: LayerTarget;
  readonly progress: PullProgress;
  /** Aborted at the first failure, so that the other layers stop as well. */
  readonly abort: AbortController;
}

interface Layer {
  readonly id: string;
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly chainId: ChainId;
  readonly below: readonly ChainId[];
}

/**
 * Brings in the layers of an image that are missing, each one unpacked as soon as its download is complete.
 *
 * @param made receives the chainIDs of layers that were not there before
 */
export async function pullLayers(plan: PullPlan, tools: LayerTools, made: ChainId[]): Promise<void> {
  await using blobs = new BlobFetcher(tools);
  const bring = async (layer: Layer, below: Promise<unknown>): Promise<void> => {
    const { path, isOld } = await blobs.fetch(layer);
    try {
      await unpack(layer, path, below, tools);
    } catch (cause) {
      if (!isOld || !(cause instanceof InvalidDataError)) throw cause;
      // A blob from an earlier pull may be damaged: this once it is fetched again.
      tools.content.delete(layer.descriptor.digest);
      await unpack(layer, (await blobs.fetch(layer)).path, below, tools);
    }
    made.push(layer.chainId);
    tools.progress.layer(layer.id, "Pull complete");
  };
  const tasks: Promise<void>[] = [];
  for (const layer of layersOf(plan)) {
    const isPresent = tools.target.has(layer.chainId);
    tools.progress.layer(layer.id, isPresent ? "Already exists" : "Pulling fs layer");
    if (!isPresent) tasks.push(bring(layer, Promise.allSettled(tasks)));
  }
  await allOrFirstFailure(tasks, tools.abort);
}

/** Downloads each blob once, however many layers of the image it is. */
class BlobFetcher implements AsyncDisposable {
  readonly #tools: LayerTools;
  readonly #turn = limit(DOWNLOADS_AT_ONCE);
  readonly #blobs = new Map<Digest, Promise<IngestedBlob>>();
  readonly #commits: Promise<void>[] = [];

  constructor(tools: LayerTools) {
    this.#tools = tools;
  }

  /**
   * @returns the path of the complete blob, which lasts as long as the fetcher, and whether it was there before: then
   *   its bytes are those that were verified when it came
   */
  async fetch({ id, descriptor }: Layer): Promise<{ readonly path: string; readonly isOld: boolean }> {
    const { content, progress } = this.#tools;
    let pending = this.#blobs.get(descriptor.digest);
    if (pending === undefined) {
      if (content.has(descriptor.digest, descriptor.size))
        return { path: content.path(descriptor.digest), isOld: true };
      progress.layer(id, "Waiting");
      pending = this.#turn(() => this.#download(id, descriptor));
      this.#blobs.set(descriptor.digest, pending);
    }
    return { path: (await pending).path, isOld: false };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const settled = await Promise.allSettled(this.#commits);
    for (const blob of await Promise.allSettled(this.#blobs.values())) {
      if (blob.status === "fulfilled") blob.value?.[Symbol.dispose]();
    }
    const failed = settled.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #download(id: string, { digest, size, ...rest }: Descriptor): Promise<IngestedBlob> {
    const { client, content, progress, abort } = this.#tools;
    abort.signal.throwIfAborted();
    let current = 0;
    progress.layer(id, "Downloading", { current, total: size });
    const chunks = client.blob({ digest, size, ...rest });
    const blob = await content.ingest({ digest, sizeBytes: size }, chunks, (count) => {
      current += count;
      if (current < size) progress.layer(id, "Downloading", { current, total: size });
      else progress.layer(id, "Verifying Checksum");
    });
    progress.layer(id, "Download complete");
    // Written to disk while the layer is unpacked; the fetcher's end waits for it.
    const commit = blob.commit();
    commit.catch(() => {});
    this.#commits.push(commit);
    return blob;
  }
}

async function unpack(
  layer: Layer,
  path: string,
  belowReady: Promise<unknown>,
  tools: LayerTools,
): Promise<void> {
  const { target, progress, abort } = tools;
  const { signal } = abort;
  signal.throwIfAborted();
  const { id, descriptor, diffId, chainId, below } = layer;
  const { mediaType, size: total } = descriptor;
  progress.layer(id, "Extracting", { current: 0, total });
  const onProgress = (bytes: number) =>
    progress.layer(id, "Extracting", { current: Math.min(bytes, total), total });
  await target.unpack({ path, mediaType, diffId, chainId, below, belowReady, signal, onProgress });
}

function layersOf({ manifest, config }: PullPlan): Layer[] {
  const diffIds = config.rootfs.diff_ids;
  const chain = chainIds(diffIds);
  return manifest.layers.map((descriptor, position) => ({
    id: shortId(descriptor.digest),
    descriptor,
    diffId: diffIds[position]!,
    chainId: chain[position]!,
    below: chain.slice(0, position),
  }));
}

/** Waits for all, so that nothing goes on behind a failure; then reports the failure that came first. */
async function allOrFirstFailure(tasks: readonly Promise<unknown>[], abort: AbortController): Promise<void> {
  try {
    await Promise.all(tasks);
  } catch (cause) {
    abort.abort(cause);
    await Promise.allSettled(tasks);
    throw cause;
  }
}
