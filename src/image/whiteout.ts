import { printable } from "../archive/tar-error.ts";
import { InvalidDataError } from "../errors.ts";
import { AUFS_METADATA_PREFIX, classifyLayerName, WHITEOUT_PREFIX } from "../spec/whiteout.ts";
import { type LayerPath, splitPath } from "./layer-path.ts";

/** What a path in a layer's archive means. */
export type LayerPathMeaning =
  | { readonly kind: "entry" }
  /** The file `name` in the same folder is hidden. */
  | { readonly kind: "whiteout"; readonly name: Uint8Array }
  | { readonly kind: "opaque" }
  | { readonly kind: "metadata" };

const PREFIX = Buffer.from(WHITEOUT_PREFIX);

/**
 * Tells whiteouts from files.
 *
 * @throws {InvalidDataError} for a whiteout of nothing, of `.` or of `..`, and for a path that goes through one: none
 *   of them says what it hides
 * @see image-spec layer.md, "Whiteouts"
 */
export function meaningOf(path: LayerPath): LayerPathMeaning {
  if (!Buffer.from(path.buffer, path.byteOffset, path.length).includes(PREFIX)) return { kind: "entry" };
  const parts = splitPath(path).map((part) => Buffer.from(part).toString("latin1")); // A character is a byte.
  const last = parts.pop() ?? "";
  if (parts.some((part) => part.startsWith(AUFS_METADATA_PREFIX))) return { kind: "metadata" };
  if (parts.some((part) => part.startsWith(WHITEOUT_PREFIX)))
    refuse(path, "the path goes through a whiteout");
  const meaning = classifyLayerName(last);
  if (meaning.kind !== "whiteout") return meaning;
  if (["", ".", ".."].includes(meaning.target)) refuse(path, "the whiteout names no file");
  return { kind: "whiteout", name: Buffer.from(meaning.target, "latin1") };
}

function refuse(path: LayerPath, reason: string): never {
  throw new InvalidDataError(`Cannot unpack "${printable(path)}": ${reason}`);
}
