/** Makes tar archives in the pax format: headers and padding; the caller puts the content between them. */
import type { TarEntry, TarEntryType } from "./entry.ts";
import { BLOCK_BYTES, formatHeader, type HeaderValues } from "./header.ts";
import { formatPax, formatPaxTime } from "./pax.ts";

const TYPE_FLAGS: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

const NAME_MAX_BYTES = 100;
const ID_MAX = 0o7777777;
const SIZE_MAX = 0o77777777777;
const TIME_MAX = 0o77777777777n;

/** Two blocks of zeros: what an archive ends with. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** What is left out is empty, 0, mode 0644 (folders 0755), or 1970. */
export type TarEntryInput = Partial<Omit<TarEntry, "path" | "linkPath">> & {
  readonly path: string | Uint8Array;
  readonly linkPath?: string | Uint8Array;
};

/**
 * The header of an entry, with a pax header before it where ustar cannot say it.
 *
 * A folder's path gets its trailing slash. The content follows, then {@link tarPadding}.
 */
export function tarHeader(input: TarEntryInput): Uint8Array {
  const type = input.type ?? "file";
  const path = pathBytes(input.path, type);
  const linkPath = bytesOf(input.linkPath ?? NO_BYTES);
  const size = input.sizeBytes ?? 0;
  const { uid = 0, gid = 0, modifiedAt = { seconds: 0n, nanoseconds: 0 } } = input;
  const records = new Map<string, Uint8Array>();
  const record = (key: string, value: string) => records.set(key, encoder.encode(value));
  if (path.length > NAME_MAX_BYTES) records.set("path", path);
  if (linkPath.length > NAME_MAX_BYTES) records.set("linkpath", linkPath);
  if (size > SIZE_MAX) record("size", String(size));
  if (uid > ID_MAX) record("uid", String(uid));
  if (gid > ID_MAX) record("gid", String(gid));
  const { seconds } = modifiedAt;
  const timeFits = seconds >= 0n && seconds <= TIME_MAX;
  if (!timeFits || modifiedAt.nanoseconds > 0) record("mtime", formatPaxTime(modifiedAt));
  for (const [name, value] of input.xattrs ?? []) records.set(`SCHILY.xattr.${name}`, value);
  const header = formatHeader({
    path: path.subarray(0, NAME_MAX_BYTES),
    linkPath: linkPath.subarray(0, NAME_MAX_BYTES),
    mode: input.mode ?? (type === "directory" ? 0o755 : 0o644),
    uid: uid > ID_MAX ? 0 : uid,
    gid: gid > ID_MAX ? 0 : gid,
    size: size > SIZE_MAX ? 0 : size,
    mtime: timeFits ? Number(seconds) : 0,
    typeFlag: TYPE_FLAGS[type],
    deviceMajor: input.deviceMajor ?? 0,
    deviceMinor: input.deviceMinor ?? 0,
  });
  return records.size === 0 ? header : Buffer.concat([paxHeader(records), header]);
}

/** The zeros that fill a content's last block. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

const PAX_HEADER: Omit<HeaderValues, "size"> = {
  path: encoder.encode("PaxHeaders/entry"),
  linkPath: NO_BYTES,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  typeFlag: "x",
  deviceMajor: 0,
  deviceMinor: 0,
};

/** A whole pax extended header: its own header block, the records, padding. */
export function paxHeader(records: ReadonlyMap<string, Uint8Array>, typeFlag: "x" | "g" = "x"): Uint8Array {
  const body = formatPax(records);
  return Buffer.concat([
    formatHeader({ ...PAX_HEADER, typeFlag, size: body.length }),
    body,
    tarPadding(body.length),
  ]);
}

function bytesOf(path: string | Uint8Array): Uint8Array {
  return typeof path === "string" ? encoder.encode(path) : path;
}

function pathBytes(path: string | Uint8Array, type: TarEntryType): Uint8Array {
  const bytes = bytesOf(path);
  if (type !== "directory" || bytes.at(-1) === 0x2f) return bytes;
  return Buffer.concat([bytes, Uint8Array.of(0x2f)]);
}
