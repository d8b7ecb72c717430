import { printable } from "../archive/tar-error.ts";
import { InvalidDataError } from "../errors.ts";

const SLASH = 0x2f;
const DOT = 0x2e;

/** A path inside a layer: no leading slash, no `.` or `..` or empty part; empty for the layer's root itself. */
export type LayerPath = Uint8Array;

/**
 * Turns a name from an archive into a path inside the layer: `./usr//bin/` and `/usr/bin` become `usr/bin`.
 *
 * @throws {InvalidDataError} when it climbs with `..`: also where it would come back, since nobody writes that in
 *   good faith
 */
export function parseLayerPath(written: Uint8Array): LayerPath {
  const path = written[0] === DOT && written[1] === SLASH ? written.subarray(2) : written;
  if (isClean(path)) return path;
  const parts = splitPath(written);
  if (parts.some(isDotDot)) {
    throw new InvalidDataError(`Cannot unpack "${printable(written)}": the path climbs with ".."`);
  }
  return joinPath(parts.filter((part) => !isDot(part)));
}

/** Whether no part is empty, and none starts with a dot: most paths, after a leading `./`. */
function isClean(path: Uint8Array): boolean {
  let previous = SLASH;
  for (let i = 0; i < path.length; i++) {
    const byte = path[i]!;
    if (previous === SLASH && (byte === SLASH || byte === DOT)) return false;
    previous = byte;
  }
  return previous !== SLASH;
}

/** The parts of a path between its slashes, without empty ones. */
export function splitPath(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf(SLASH, start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) parts.push(path.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

/** Puts a path together again. */
export function joinPath(parts: readonly Uint8Array[]): Uint8Array {
  const path = new Uint8Array(
    parts.reduce((length, part) => length + part.length + 1, -1) + (parts.length ? 0 : 1),
  );
  let offset = 0;
  for (const part of parts) {
    if (offset > 0) path[offset++] = SLASH;
    path.set(part, offset);
    offset += part.length;
  }
  return path;
}

/** The folder a path is in, and its name there. */
export function splitLast(path: LayerPath): { readonly parent: LayerPath; readonly name: Uint8Array } {
  const slash = path.lastIndexOf(SLASH);
  return { parent: path.subarray(0, Math.max(slash, 0)), name: path.subarray(slash + 1) };
}

/** Whether a part of a path means the folder itself. */
export function isDot(part: Uint8Array): boolean {
  return part.length === 1 && part[0] === DOT;
}

/** Whether a part of a path means the folder above. */
export function isDotDot(part: Uint8Array): boolean {
  return part.length === 2 && part[0] === DOT && part[1] === DOT;
}
