/**
 * A thread that unpacks one layer after another, so that several can be unpacked at once and downloads go on.
 *
 * It is an entry point of its own in the executable (scripts/build.ts). It waits for nothing but messages and the
 * thread pool, so it can be told to stop at any time.
 */
import { unpackBlob } from "./unpack-blob.ts";
import { type FromWorker, type ToWorker, toFailure } from "./unpack-message.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

let current: AbortController | undefined;

self.onmessage = ({ data }) => {
  if (data.kind === "abort") {
    current?.abort();
    return;
  }
  const controller = new AbortController();
  current = controller;
  const onProgress = (blobBytes: number) => self.postMessage({ kind: "progress", blobBytes });
  unpackBlob(data.request, onProgress, controller.signal).then(
    (unpacked) => self.postMessage({ kind: "done", unpacked }),
    (cause: unknown) => self.postMessage({ kind: "failed", failure: toFailure(cause) }),
  );
};
