/**
 * Names with a meaning in a layer: `.wh.NAME` deletes NAME of the layers below, `.wh..wh..opq` hides all of a folder.
 *
 * @see image-spec layer.md "Whiteouts"
 */
export const WHITEOUT_PREFIX = ".wh.";

/** In a folder, hides all that the layers below have there. */
export const OPAQUE_WHITEOUT = ".wh..wh..opq";

/** Other `.wh..wh.` names are aufs's own bookkeeping (`.wh..wh.plnk`, `.wh..wh.aufs`) and mean nothing in an image. */
export const AUFS_METADATA_PREFIX = ".wh..wh.";

export type LayerName =
  | { readonly kind: "entry" }
  | { readonly kind: "whiteout"; readonly target: string }
  | { readonly kind: "opaque" }
  | { readonly kind: "metadata" };

/** What the last component of an entry's path means. A whiteout of `""`, `.` or `..` is the caller's to refuse. */
export function classifyLayerName(baseName: string): LayerName {
  if (!baseName.startsWith(WHITEOUT_PREFIX)) return { kind: "entry" };
  if (baseName === OPAQUE_WHITEOUT) return { kind: "opaque" };
  if (baseName.startsWith(AUFS_METADATA_PREFIX)) return { kind: "metadata" };
  return { kind: "whiteout", target: baseName.slice(WHITEOUT_PREFIX.length) };
}
