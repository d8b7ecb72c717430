/**
 * Netlink attributes as bytes: a 4-byte header, a payload, padding to 4 bytes. Pure.
 *
 * What does not fit is refused, never cut: a truncated name is another link's name.
 *
 * @see netlink(7) · https://docs.kernel.org/userspace-api/netlink/intro.html
 */
import { NLA_F_NESTED, NLA_TYPE_MASK, NLMSG_ALIGNTO, nlattr } from "../../../ffi/structs/netlink.ts";

/** The length of an attribute is a 16-bit number. */
const MAX_PAYLOAD_BYTES = 0xffff - nlattr.size;

/** One encoded attribute, padding included. */
export type Attribute = Uint8Array<ArrayBuffer>;

/**
 * Encodes an attribute.
 *
 * @throws {RangeError} when the payload exceeds what its length field can say
 */
export function attribute(type: number, payload: Uint8Array): Attribute {
  const bytes = allocate(type, payload.length);
  bytes.set(payload, nlattr.size);
  return bytes;
}

/** An attribute that holds other attributes. */
export function nested(type: number, children: readonly Uint8Array[]): Attribute {
  const bytes = allocate(type | NLA_F_NESTED, byteLength(children));
  let end = nlattr.size;
  for (const child of children) {
    bytes.set(child, end);
    end += align(child.length);
  }
  return bytes;
}

/** An 8-bit number. */
export function u8(type: number, value: number): Attribute {
  return attribute(type, Uint8Array.of(checked(value, 0xff)));
}

/** A 32-bit number in the machine's order (little-endian), as rtnetlink has it. */
export function u32(type: number, value: number): Attribute {
  const bytes = allocate(type, 4);
  new DataView(bytes.buffer).setUint32(nlattr.size, checked(value, 0xffff_ffff), true);
  return bytes;
}

/** A 32-bit number in network order (big-endian), as nf_tables has it. */
export function be32(type: number, value: number): Attribute {
  const bytes = allocate(type, 4);
  new DataView(bytes.buffer).setUint32(nlattr.size, checked(value, 0xffff_ffff), false);
  return bytes;
}

/** Text and a final zero byte. Text that contains one is refused: the kernel would read less than was written. */
export function text(type: number, value: string): Attribute {
  const encoded = textBytes(value);
  if (encoded.includes(0)) throw new RangeError(`a netlink text has a zero byte: ${JSON.stringify(value)}`);
  const bytes = allocate(type, encoded.length + 1);
  bytes.set(encoded, nlattr.size);
  return bytes;
}

/** A text's UTF-8 bytes. Names are ASCII, and a start of a container has no time to set up an encoder for them. */
export function textBytes(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length);
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > 0x7f) return new TextEncoder().encode(value);
    bytes[index] = code;
  }
  return bytes;
}

/**
 * The attributes in `bytes` from `offset` on, by type; of several with one type, the last.
 *
 * @throws {RangeError} when an attribute's length points outside: the bytes are no attributes
 */
export function parseAttributes(bytes: Uint8Array, offset = 0): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let start = offset; start + nlattr.size <= bytes.length;) {
    const end = endOfAttribute(bytes, start);
    found.set(readU16(bytes, start + 2) & NLA_TYPE_MASK, bytes.subarray(start + nlattr.size, end));
    start += align(end - start);
  }
  return found;
}

/**
 * The payload of the first attribute of a type in `bytes` from `offset` on; undefined when there is none. Cheaper than
 * {@link parseAttributes} where few of many are wanted.
 *
 * @throws {RangeError} when a length on the way points outside
 */
export function findAttribute(bytes: Uint8Array, type: number, offset = 0): Uint8Array | undefined {
  for (let start = offset; start + nlattr.size <= bytes.length;) {
    const end = endOfAttribute(bytes, start);
    if ((readU16(bytes, start + 2) & NLA_TYPE_MASK) === type) return bytes.subarray(start + nlattr.size, end);
    start += align(end - start);
  }
  return undefined;
}

/** A little-endian 32-bit payload. Throws RangeError when it is shorter. */
export function readU32(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(0, true);
}

/** A big-endian 32-bit payload: an IPv4 address, or a number of nf_tables. */
export function readBe32(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(0, false);
}

/** A text payload, up to its zero byte. */
export function readText(payload: Uint8Array): string {
  const end = payload.indexOf(0);
  return Buffer.from(end === -1 ? payload : payload.subarray(0, end)).toString();
}

/** `length` rounded up to where the next message or attribute may start. */
export function align(length: number): number {
  return (length + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1);
}

/** What `parts` take, each padded, in bytes. */
export function byteLength(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += align(part.length);
  return length;
}

function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function endOfAttribute(bytes: Uint8Array, start: number): number {
  const length = readU16(bytes, start);
  if (length < nlattr.size || start + length > bytes.length)
    throw new RangeError(`a netlink attribute of ${length} bytes at ${start} of ${bytes.length}`);
  return start + length;
}

function allocate(type: number, payloadBytes: number): Attribute {
  if (payloadBytes > MAX_PAYLOAD_BYTES)
    throw new RangeError(`netlink attribute ${type & NLA_TYPE_MASK} has ${payloadBytes} bytes`);
  const bytes = new Uint8Array(align(nlattr.size + payloadBytes));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, nlattr.size + payloadBytes, true);
  view.setUint16(2, type, true);
  return bytes;
}

function checked(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`${value} does not fit a netlink attribute of at most ${max}`);
  return value;
}
