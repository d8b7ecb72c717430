/** What the main thread and an unpacking worker say to each other. Errors lose their class on the way, so it is named. */
import * as errors from "../errors.ts";
import type { UnpackBlobRequest, UnpackedBlob } from "./unpack-blob.ts";

export type ToWorker =
  { readonly kind: "unpack"; readonly request: UnpackBlobRequest } | { readonly kind: "abort" };

export type FromWorker =
  | { readonly kind: "progress"; readonly blobBytes: number }
  | { readonly kind: "done"; readonly unpacked: UnpackedBlob }
  | { readonly kind: "failed"; readonly failure: Failure };

/** An error as data. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

const CLASSES: Readonly<
  Record<string, new (message: string, options: errors.EngineErrorOptions) => errors.EngineError>
> = {
  EngineError: errors.EngineError,
  InvalidDataError: errors.InvalidDataError,
  UnavailableError: errors.UnavailableError,
  UnsupportedError: errors.UnsupportedError,
};

/** Takes an error apart. */
export function toFailure(cause: unknown): Failure {
  if (!(cause instanceof Error))
    return { name: "Error", message: String(cause), hint: undefined, stack: undefined };
  const { name, message, stack } = cause;
  return { name, message, stack, hint: cause instanceof errors.EngineError ? cause.hint : undefined };
}

/** Makes the error again, of the class it had where a user may meet it. */
export function fromFailure({ name, message, hint, stack }: Failure): Error {
  const Class = CLASSES[name];
  const error = Class === undefined ? new Error(message) : new Class(message, { hint });
  if (Class === undefined && stack !== undefined) error.stack = stack;
  return error;
}
