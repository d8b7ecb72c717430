/** Archives made by code, entry by entry, and parts of them that no tar program would write. */
import { formatHeader, type HeaderValues, sealHeader } from "../../src/archive/header.ts";
import { TAR_END, type TarEntryInput, tarHeader, tarPadding } from "../../src/archive/tar-writer.ts";

export type ArchivePart =
  Uint8Array | (Omit<TarEntryInput, "sizeBytes"> & { readonly content?: string | Uint8Array });

/** An archive of these parts in order, with its end marker. Bytes are taken as they are. */
export function tarOf(...parts: readonly ArchivePart[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([...parts.map(partBytes), TAR_END]));
}

/** An archive that ends without its end marker. */
export function tarWithoutEnd(...parts: readonly ArchivePart[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts.map(partBytes)));
}

/** One entry's blocks: header, content, padding. */
export function partBytes(part: ArchivePart): Uint8Array {
  if (part instanceof Uint8Array) return part;
  const { content = "", ...entry } = part;
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([tarHeader({ ...entry, sizeBytes: bytes.length }), bytes, tarPadding(bytes.length)]);
}

const PLAIN: HeaderValues = {
  path: Buffer.from("file"),
  linkPath: new Uint8Array(0),
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  typeFlag: "0",
  deviceMajor: 0,
  deviceMinor: 0,
};

/** A bare header block with some values of one's own, and bytes put over it before the checksum is made. */
export function rawHeader(
  values: Partial<HeaderValues> = {},
  patches: Readonly<Record<number, string | Uint8Array>> = {},
): Uint8Array {
  const block = formatHeader({ ...PLAIN, ...values });
  for (const [offset, bytes] of Object.entries(patches)) {
    block.set(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, Number(offset));
  }
  sealHeader(block);
  return block;
}

/** A header of type `typeFlag` with a body, as GNU's long names and pax headers are. */
export function headerWithBody(typeFlag: string, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  return Buffer.concat([rawHeader({ typeFlag, size: bytes.length }), bytes, tarPadding(bytes.length)]);
}
