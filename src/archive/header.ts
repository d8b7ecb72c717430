/**
 * The 512-byte header of a tar archive: ustar, and the GNU and V7 forms that differ from it.
 *
 * @see POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"
 */
export const BLOCK_BYTES = 512;

/** Where a field lies in the header: first byte and length. */
type Field = readonly [offset: number, length: number];

const NAME: Field = [0, 100];
const MODE: Field = [100, 8];
const UID: Field = [108, 8];
const GID: Field = [116, 8];
const SIZE: Field = [124, 12];
const MTIME: Field = [136, 12];
const CHECKSUM: Field = [148, 8];
const TYPE_OFFSET = 156;
const LINK_NAME: Field = [157, 100];
const MAGIC: Field = [257, 8];
const DEVICE_MAJOR: Field = [329, 8];
const DEVICE_MINOR: Field = [337, 8];
const PREFIX: Field = [345, 155];
/** star's form keeps times behind a shorter prefix, and marks itself at the end. */
const STAR_PREFIX: Field = [345, 131];
const STAR_TRAILER: Field = [508, 4];

const USTAR_MAGIC = Buffer.from("ustar\0");
const STAR_MAGIC = Buffer.from("tar\0");
const SLASH = 0x2f;
const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** A header's fields. A number is `undefined` when its field holds none, or one beyond 2^53; GNU's may be negative. */
export interface Header {
  readonly path: Uint8Array;
  readonly linkPath: Uint8Array;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly size: number | undefined;
  readonly mtime: number | undefined;
  /** The entry's type: one character, NUL in the V7 form. */
  readonly typeFlag: string;
  readonly deviceMajor: number | undefined;
  readonly deviceMinor: number | undefined;
}

/** Parses a header block; `undefined` when its checksum does not fit. */
export function parseHeader(block: Uint8Array): Header | undefined {
  if (!checksumFits(block)) return undefined;
  const name = text(block, NAME);
  const isPosix = hasBytes(block, MAGIC, USTAR_MAGIC);
  const hasPrefix = isPosix && block[PREFIX[0]] !== 0;
  const prefix = hasBytes(block, STAR_TRAILER, STAR_MAGIC) ? STAR_PREFIX : PREFIX;
  return {
    path: hasPrefix ? joinPath(text(block, prefix), name) : name,
    linkPath: text(block, LINK_NAME),
    mode: number(block, MODE),
    uid: number(block, UID),
    gid: number(block, GID),
    size: number(block, SIZE),
    mtime: number(block, MTIME),
    typeFlag: String.fromCharCode(block[TYPE_OFFSET]!),
    deviceMajor: number(block, DEVICE_MAJOR),
    deviceMinor: number(block, DEVICE_MINOR),
  };
}

/** The values of a header to make; they must fit their fields. */
export interface HeaderValues {
  /** At most 100 bytes. */
  readonly path: Uint8Array;
  readonly linkPath: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly typeFlag: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** Makes a ustar header block. */
export function formatHeader(values: HeaderValues): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(values.path, NAME[0]);
  putOctal(block, MODE, values.mode);
  putOctal(block, UID, values.uid);
  putOctal(block, GID, values.gid);
  putOctal(block, SIZE, values.size);
  putOctal(block, MTIME, values.mtime);
  block[TYPE_OFFSET] = values.typeFlag.charCodeAt(0);
  block.set(values.linkPath, LINK_NAME[0]);
  block.set(USTAR_MAGIC, MAGIC[0]);
  block.fill(ZERO, MAGIC[0] + USTAR_MAGIC.length, MAGIC[0] + MAGIC[1]); // Version "00".
  putOctal(block, DEVICE_MAJOR, values.deviceMajor);
  putOctal(block, DEVICE_MINOR, values.deviceMinor);
  sealHeader(block);
  return block;
}

/** Writes a block's checksum. Of use after a change to a finished header. */
export function sealHeader(block: Uint8Array): void {
  const { unsigned } = checksums(block);
  block.set(Buffer.from(`${unsigned.toString(8).padStart(6, "0")}\0 `, "latin1"), CHECKSUM[0]);
}

/** Whether a block holds zeros only: two such blocks end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK_BYTES; i++) {
    if (block[i] !== 0) return false;
  }
  return true;
}

function checksumFits(block: Uint8Array): boolean {
  const stored = number(block, CHECKSUM);
  const { unsigned, signed } = checksums(block);
  return stored === unsigned || stored === signed; // Some old programs summed signed bytes.
}

/** The sums of a block's bytes, with the checksum's own field taken as spaces. */
function checksums(block: Uint8Array): { unsigned: number; signed: number } {
  let unsigned = SPACE * CHECKSUM[1];
  let high = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = block[i]!;
    unsigned += byte;
    high += byte >> 7;
  }
  for (let i = CHECKSUM[0]; i < CHECKSUM[0] + CHECKSUM[1]; i++) {
    unsigned -= block[i]!;
    high -= block[i]! >> 7;
  }
  return { unsigned, signed: unsigned - high * 256 };
}

function text(block: Uint8Array, [offset, length]: Field): Uint8Array {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.slice(0, end < 0 ? length : end);
}

function hasBytes(block: Uint8Array, [offset]: Field, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (block[offset + i] !== bytes[i]) return false;
  }
  return true;
}

function joinPath(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  const path = new Uint8Array(prefix.length + 1 + name.length);
  path.set(prefix);
  path[prefix.length] = SLASH;
  path.set(name, prefix.length + 1);
  return path;
}

/** A number in octal digits, or in GNU's base 256 when the first byte's high bit is set. An empty field is 0. */
function number(block: Uint8Array, field: Field): number | undefined {
  const [offset, length] = field;
  if (block[offset]! & 0x80) return base256(block, field);
  const end = offset + length;
  let i = offset;
  while (i < end && isBlank(block[i]!)) i++;
  let value = 0; // Twelve octal digits are 36 bits.
  for (; i < end && !isBlank(block[i]!); i++) {
    const byte = block[i]!;
    if (byte < ZERO || byte > SEVEN) return undefined;
    value = value * 8 + (byte - ZERO);
  }
  return value;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0;
}

/** Two's complement, most significant byte first; the very first bit only marks the form, the next is the sign. */
function base256(block: Uint8Array, [offset, length]: Field): number | undefined {
  let bits = BigInt(block[offset]! & 0x7f);
  for (let i = 1; i < length; i++) bits = (bits << 8n) | BigInt(block[offset + i]!);
  const value = Number(BigInt.asIntN(length * 8 - 1, bits));
  return Number.isSafeInteger(value) ? value : undefined;
}

function putOctal(block: Uint8Array, [offset, length]: Field, value: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (digits.length >= length) throw new RangeError(`${value} does not fit ${length - 1} octal digits`);
  block.set(Buffer.from(digits, "latin1"), offset);
}
