/**
 * A streaming tar reader: fed chunks as they come, it calls back with entries and pieces of their content.
 *
 * Pure and synchronous. Content is handed on as views of the fed chunk, never copied, never looked at.
 *
 * Where readers of tar disagree, this one reads as Go's archive/tar does, which docker and the registries use: what
 * another reader would see as a different file is refused, or read the same.
 */
import type { TarEntry, TarEntryType } from "./entry.ts";
import { BLOCK_BYTES, type Header, isZeroBlock, parseHeader } from "./header.ts";
import { type PaxRecords, parsePax, parsePaxNumber, parsePaxTime, xattrsOf } from "./pax.ts";
import { printable, TarError } from "./tar-error.ts";

/** What the reader refuses to go beyond. A real image stays far below each. */
export const TAR_LIMITS = {
  entries: 8_000_000,
  /** PATH_MAX, the kernel's own. */
  pathBytes: 4096,
  /** Of a pax header, or of a GNU long name. */
  headerBytes: 1_048_576,
  /** Of the whole archive, uncompressed. */
  totalBytes: 2 ** 42,
} as const;

/** Who gets the entries, in the archive's order: for each one `begin`, any number of `content`, `end`. */
export interface TarSink {
  begin(entry: TarEntry): void;
  /** The bytes are the caller's only during the call. */
  content(bytes: Uint8Array): void;
  end(): void;
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

/** Why a type is not read, for those a user may meet. */
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  S: "a sparse file",
  M: "a part of a multi-volume archive",
  V: "a volume label",
  D: "an incremental dump's folder",
  N: "an old GNU long name",
  X: "a Solaris extended header",
};

const SLASH = 0x2f;
/** -1 in 32 bits means "leave it as it is" to chown(2). */
const ID_MAX = 0xfffffffe;
const U32_MAX = 0xffffffff;
const NO_BYTES = new Uint8Array(0);
const EMPTY_RECORDS: PaxRecords = new Map();

/** Keys that would turn each later entry into the same file: nobody writes them, and readers disagree on them. */
const NEVER_GLOBAL = ["path", "linkpath", "size"];

const decoder = new TextDecoder();

/** What the content that follows is for. */
type Destination = "content" | "pax" | "global" | "longPath" | "longLink";

const EXTENDED_HEADERS: Readonly<Record<string, Destination>> = {
  x: "pax",
  g: "global",
  L: "longPath",
  K: "longLink",
};

/** Reads one archive; made for it and thrown away. */
export class TarReader {
  readonly #sink: TarSink;
  /** Bytes fed in earlier calls. */
  #consumed = 0;
  #entries = 0;
  /** A header that came in parts. */
  readonly #partial = new Uint8Array(BLOCK_BYTES);
  #partialLength = 0;
  /** Content and padding that are still to come. */
  #remaining = 0;
  #padding = 0;
  #destination: Destination = "content";
  #body = NO_BYTES;
  #bodyLength = 0;
  #zeroBlocks = 0;
  #global: PaxRecords = new Map();
  #records: PaxRecords = EMPTY_RECORDS;
  #longPath: Uint8Array | undefined;
  #longLink: Uint8Array | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Whether the end-of-archive marker was met; what follows it is ignored. */
  get ended(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /** Reads on. @throws {TarError} and whatever the sink throws; the reader is of no use after either */
  push(chunk: Uint8Array): void {
    if (this.#consumed + chunk.length > TAR_LIMITS.totalBytes) this.#fail(0, "it is larger than 4 TiB");
    let offset = 0;
    while (offset < chunk.length && !this.ended) {
      if (this.#remaining > 0) offset = this.#takeContent(chunk, offset);
      else if (this.#padding > 0) offset = this.#skipPadding(chunk, offset);
      else offset = this.#takeHeader(chunk, offset);
    }
    this.#consumed += chunk.length;
  }

  /** Says that the stream is over. An archive without an end marker is accepted, as Go's reader does. */
  end(): void {
    if (this.ended) return;
    if (this.#partialLength > 0) this.#fail(0, "it ends in the middle of a header");
    if (this.#remaining > 0 || this.#padding > 0) this.#fail(0, "it ends in the middle of a file");
    if (this.#hasPendingHeader()) this.#fail(0, "it ends after an extended header");
  }

  #takeContent(chunk: Uint8Array, offset: number): number {
    const length = Math.min(this.#remaining, chunk.length - offset);
    const bytes = chunk.subarray(offset, offset + length);
    this.#remaining -= length;
    if (this.#destination === "content") {
      this.#sink.content(bytes);
      if (this.#remaining === 0) this.#sink.end();
    } else {
      this.#body.set(bytes, this.#bodyLength);
      this.#bodyLength += length;
      if (this.#remaining === 0) this.#finishHeaderBody(offset);
    }
    return offset + length;
  }

  #skipPadding(chunk: Uint8Array, offset: number): number {
    const length = Math.min(this.#padding, chunk.length - offset);
    this.#padding -= length;
    return offset + length;
  }

  #takeHeader(chunk: Uint8Array, offset: number): number {
    if (this.#partialLength === 0 && chunk.length - offset >= BLOCK_BYTES) {
      this.#header(chunk.subarray(offset, offset + BLOCK_BYTES), offset);
      return offset + BLOCK_BYTES;
    }
    const length = Math.min(BLOCK_BYTES - this.#partialLength, chunk.length - offset);
    this.#partial.set(chunk.subarray(offset, offset + length), this.#partialLength);
    this.#partialLength += length;
    if (this.#partialLength === BLOCK_BYTES) {
      this.#partialLength = 0;
      this.#header(this.#partial, offset);
    }
    return offset + length;
  }

  #header(block: Uint8Array, offset: number): void {
    if (isZeroBlock(block)) {
      if (this.#hasPendingHeader()) this.#fail(offset, "it ends after an extended header");
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) this.#fail(offset, "a lone block of zeros is followed by more");
    const header = parseHeader(block);
    if (header === undefined) this.#fail(offset, "a header has a wrong checksum, or this is no tar archive");
    const destination = EXTENDED_HEADERS[header.typeFlag];
    if (destination === undefined) this.#startEntry(header, offset);
    else this.#startBody(destination, header, offset);
  }

  #startBody(destination: Destination, { size }: Header, offset: number): void {
    if (size === undefined || size < 0) this.#fail(offset, "an extended header's size is not a number");
    if (size > TAR_LIMITS.headerBytes) this.#fail(offset, "an extended header is larger than 1 MiB");
    if (++this.#entries > TAR_LIMITS.entries)
      this.#fail(offset, `it has more than ${TAR_LIMITS.entries} entries`);
    this.#destination = destination;
    this.#setContent(size);
    this.#body = new Uint8Array(this.#remaining);
    this.#bodyLength = 0;
    if (this.#remaining === 0) this.#finishHeaderBody(offset);
  }

  #finishHeaderBody(offset: number): void {
    const body = this.#body;
    this.#body = NO_BYTES;
    if (this.#destination === "longPath") this.#longPath = untilNul(body);
    else if (this.#destination === "longLink") this.#longLink = untilNul(body);
    else {
      const records = parsePax(body);
      if (typeof records === "string") this.#fail(offset, records);
      if (this.#destination === "pax") this.#records = records;
      else this.#addGlobal(records, offset);
    }
  }

  #addGlobal(records: PaxRecords, offset: number): void {
    for (const [key, value] of records) {
      if (NEVER_GLOBAL.includes(key)) this.#fail(offset, `a global header sets ${key}`);
      if (value.length === 0) this.#global.delete(key);
      else this.#global.set(key, value);
    }
    if (this.#global.size > 1000) this.#fail(offset, "global headers set more than 1000 keys");
  }

  #startEntry(header: Header, offset: number): void {
    if (++this.#entries > TAR_LIMITS.entries)
      this.#fail(offset, `it has more than ${TAR_LIMITS.entries} entries`);
    const entry = this.#entry(header, offset);
    this.#records = EMPTY_RECORDS;
    this.#longPath = undefined;
    this.#longLink = undefined;
    this.#destination = "content";
    this.#setContent(entry.sizeBytes);
    this.#sink.begin(entry);
    if (this.#remaining === 0) this.#sink.end();
  }

  #entry(header: Header, offset: number): TarEntry {
    const records = this.#effectiveRecords();
    const written = records.get("path") ?? this.#longPath ?? header.path;
    let type = TYPES[header.typeFlag];
    if (type === undefined) this.#failType(header.typeFlag, written, offset);
    // Before ustar, a trailing slash was what made a folder.
    if (header.typeFlag === "\0" && written.at(-1) === SLASH) type = "directory";
    const path = withoutTrailingSlashes(written);
    this.#checkName(path, "path", offset);
    const isLink = type === "hardlink" || type === "symlink";
    const linkPath = isLink ? (records.get("linkpath") ?? this.#longLink ?? header.linkPath) : NO_BYTES;
    this.#checkName(linkPath, "link", offset);
    if (isLink && linkPath.length === 0) this.#fail(offset, `the link "${printable(path)}" has no target`);
    for (const key of records.keys()) {
      if (key.startsWith("GNU.sparse.")) this.#failType("S", path, offset);
    }
    const number = (name: string, value: number | undefined, max: number) => {
      if (value === undefined || value < 0 || value > max) {
        this.#fail(offset, `the ${name} of "${printable(path)}" is out of range`);
      }
      return value;
    };
    const pax = (key: string, otherwise: number | undefined) => {
      const text = records.get(key);
      return text === undefined ? otherwise : parsePaxNumber(decoder.decode(text));
    };
    const isDevice = type === "character" || type === "block";
    const size = number("size", pax("size", header.size), TAR_LIMITS.totalBytes);
    return {
      type,
      path,
      linkPath,
      mode: number("mode", header.mode, U32_MAX) & 0o7777,
      uid: number("user", pax("uid", header.uid), ID_MAX),
      gid: number("group", pax("gid", header.gid), ID_MAX),
      sizeBytes: type === "file" ? size : 0, // A size of anything else is a hint, and nothing follows.
      modifiedAt: this.#time(header, records, path, offset),
      deviceMajor: isDevice ? number("device", header.deviceMajor, U32_MAX) : 0,
      deviceMinor: isDevice ? number("device", header.deviceMinor, U32_MAX) : 0,
      xattrs: xattrsOf(records),
    };
  }

  #time({ mtime }: Header, records: PaxRecords, path: Uint8Array, offset: number) {
    const text = records.get("mtime");
    const time = text === undefined ? undefined : parsePaxTime(decoder.decode(text));
    if (time !== undefined) return time;
    if (text !== undefined || mtime === undefined) {
      this.#fail(offset, `the time of "${printable(path)}" is not a number`);
    }
    return { seconds: BigInt(mtime), nanoseconds: 0 };
  }

  /** The entry's own records over the global ones; an empty value means "as if the key were not there". */
  #effectiveRecords(): PaxRecords {
    if (this.#global.size === 0 && this.#records.size === 0) return EMPTY_RECORDS;
    const records = this.#global.size === 0 ? this.#records : new Map([...this.#global, ...this.#records]);
    for (const [key, value] of records) {
      if (value.length === 0 && !key.includes(".xattr.")) records.delete(key);
    }
    return records;
  }

  #setContent(size: number): void {
    this.#remaining = size;
    this.#padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  #hasPendingHeader(): boolean {
    return this.#records.size > 0 || this.#longPath !== undefined || this.#longLink !== undefined;
  }

  #checkName(name: Uint8Array, what: string, offset: number): void {
    if (name.length >= TAR_LIMITS.pathBytes) {
      this.#fail(offset, `a ${what} is longer than ${TAR_LIMITS.pathBytes - 1} bytes`);
    }
    if (name.includes(0)) this.#fail(offset, `a ${what} contains a NUL byte`);
  }

  #failType(flag: string, path: Uint8Array, offset: number): never {
    const known = REFUSED_TYPES[flag];
    const what = known ?? `of type "${printable(Uint8Array.of(flag.charCodeAt(0)))}"`;
    this.#fail(offset, `"${printable(path)}" is ${what}, which is not supported,`);
  }

  #fail(offset: number, reason: string): never {
    throw new TarError(reason, this.#consumed + offset);
  }
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function withoutTrailingSlashes(path: Uint8Array): Uint8Array {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end--;
  return path.subarray(0, end);
}
