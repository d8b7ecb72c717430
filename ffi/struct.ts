/**
 * Kernel structs as data: fields with their C types, laid out by the C ABI (natural alignment), little-endian.
 *
 * x86-64 and aarch64 agree on every rule used here; a struct that differs between them is declared in `ffi/abi/`.
 */
export type FieldType = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | `bytes${number}`;

type FieldValue<T extends FieldType> = T extends "u64" | "i64"
  ? bigint
  : T extends `bytes${number}`
    ? Uint8Array
    : number;

export type StructFields = Readonly<Record<string, FieldType>>;
export type StructValue<F extends StructFields> = { [K in keyof F]: FieldValue<F[K]> };

export interface Struct<F extends StructFields> {
  /** sizeof, in bytes, with the trailing padding that C adds. */
  readonly size: number;
  /** offsetof of each field, in bytes. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** Bytes of a struct with these values; a field left out is zero. */
  encode(value: Partial<StructValue<F>>): Uint8Array<ArrayBuffer>;
  /** The values of a struct that starts at `offset` of `bytes`. Throws RangeError when it does not fit. */
  decode(bytes: Uint8Array, offset?: number): StructValue<F>;
}

const SIZES: Record<string, number> = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };

/** Declares a struct. `packed` leaves out all padding, as `__attribute__((packed))` does. */
export function struct<const F extends StructFields>(fields: F, { packed = false } = {}): Struct<F> {
  const offsets: Record<string, number> = {};
  let end = 0;
  let alignment = 1;
  for (const [name, type] of Object.entries(fields)) {
    const size = sizeOf(type);
    const align = packed || type.startsWith("bytes") ? 1 : size;
    end = Math.ceil(end / align) * align;
    offsets[name] = end;
    end += size;
    alignment = Math.max(alignment, align);
  }
  const size = Math.ceil(end / alignment) * alignment;
  return {
    size,
    offsets: offsets as { [K in keyof F]: number },
    encode(value) {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      for (const name in value) {
        const given = value[name];
        if (given !== undefined)
          put(view, offsets[name]!, fields[name]!, given as number | bigint | Uint8Array);
      }
      return bytes;
    },
    decode(bytes, offset = 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
      const value: Record<string, unknown> = {};
      for (const name in fields) value[name] = get(view, offsets[name]!, fields[name]!);
      return value as StructValue<F>;
    },
  };
}

function sizeOf(type: FieldType): number {
  return SIZES[type] ?? Number(type.slice("bytes".length));
}

function put(view: DataView, offset: number, type: FieldType, value: number | bigint | Uint8Array): void {
  if (value instanceof Uint8Array) {
    if (value.length > sizeOf(type)) throw new RangeError(`${value.length} bytes do not fit a ${type} field`);
    new Uint8Array(view.buffer, view.byteOffset + offset, value.length).set(value);
    return;
  }
  const size = sizeOf(type);
  const isSigned = type[0] === "i";
  if (size === 8) {
    const integer = BigInt(value);
    const wrapped = isSigned ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
    if (wrapped !== integer) throw new RangeError(`${value} does not fit a ${type} field`);
    view.setBigUint64(offset, BigInt.asUintN(64, integer), true);
    return;
  }
  const integer = Number(value);
  const values = 2 ** (8 * size);
  const lowest = isSigned ? -values / 2 : 0;
  if (!Number.isInteger(integer) || integer < lowest || integer >= lowest + values)
    throw new RangeError(`${value} does not fit a ${type} field`);
  if (size === 4) view.setUint32(offset, integer >>> 0, true);
  else if (size === 2) view.setUint16(offset, integer & 0xffff, true);
  else view.setUint8(offset, integer & 0xff);
}

function get(view: DataView, offset: number, type: FieldType): number | bigint | Uint8Array {
  switch (type) {
    case "u8":
      return view.getUint8(offset);
    case "i8":
      return view.getInt8(offset);
    case "u16":
      return view.getUint16(offset, true);
    case "i16":
      return view.getInt16(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "i32":
      return view.getInt32(offset, true);
    case "u64":
      return view.getBigUint64(offset, true);
    case "i64":
      return view.getBigInt64(offset, true);
    default:
      return new Uint8Array(view.buffer, view.byteOffset + offset, sizeOf(type)).slice();
  }
}
