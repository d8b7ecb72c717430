/** The threads that unpack layers: started when needed, at most as many as there are processors, used again. */
import { availableParallelism } from "node:os";
import { limit } from "../lib/limit.ts";
import type { UnpackBlobRequest, UnpackedBlob } from "./unpack-blob.ts";
import { type FromWorker, fromFailure, type ToWorker } from "./unpack-message.ts";

/** Each needs about 60 MB while it works, and the disk is soon the limit. */
const WORKERS_MAX = 4;

const idle: Worker[] = [];
const turn = limit(Math.max(2, Math.min(WORKERS_MAX, availableParallelism())));

/**
 * Does {@link unpackBlob} on a thread of its own, when one is free.
 *
 * A worker that cannot be loaded, crashes or ends is an error here: nothing waits for it without an event to end it.
 */
export function unpackInWorker(
  request: UnpackBlobRequest,
  onProgress: (blobBytes: number) => void,
  signal?: AbortSignal,
): Promise<UnpackedBlob> {
  return turn(async () => {
    signal?.throwIfAborted();
    const worker = idle.pop() ?? startWorker();
    worker.ref();
    const unpacked = await converse(worker, request, onProgress, signal);
    worker.unref(); // An idle one does not keep the program alive.
    idle.push(worker);
    return unpacked;
  });
}

/**
 * In the executable all code lies in one folder, but an entry point keeps its path below the one that all entry points
 * of the build have in common: src/.
 */
const WORKER_PATH = import.meta.url.includes("/$bunfs/") ? "./image/unpack-worker.ts" : "./unpack-worker.ts";

function startWorker(): Worker {
  return new Worker(new URL(WORKER_PATH, import.meta.url));
}

/** One request and its answer. After a failure the worker is ended: what state it is in does not matter then. */
function converse(
  worker: Worker,
  request: UnpackBlobRequest,
  onProgress: (blobBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<UnpackedBlob> {
  return new Promise((resolve, reject) => {
    const say = (message: ToWorker) => worker.postMessage(message);
    const abort = () => say({ kind: "abort" });
    const settle = (conclude: () => void) => {
      worker.onmessage = worker.onerror = null;
      worker.removeEventListener("close", closed);
      signal?.removeEventListener("abort", abort);
      conclude();
    };
    const fail = (cause: Error) =>
      settle(() => {
        worker.terminate();
        reject(cause);
      });
    const closed = () => fail(new Error("the unpacking thread ended without an answer"));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "progress") onProgress(data.blobBytes);
      else if (data.kind === "done") settle(() => resolve(data.unpacked));
      else fail(signal?.aborted === true ? (signal.reason as Error) : fromFailure(data.failure));
    };
    worker.onerror = (event: ErrorEvent) => fail(new Error(`the unpacking thread failed: ${event.message}`));
    worker.addEventListener("close", closed);
    signal?.addEventListener("abort", abort);
    say({ kind: "unpack", request });
  });
}
