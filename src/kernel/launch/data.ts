/**
 * Memory that a launch program's calls point to: strings, vectors, structs.
 *
 * A block's pointers to other blocks are kept as references; the encoder places the blocks and turns the references
 * into relocations.
 */
export class Data {
  readonly bytes: Uint8Array;
  /** Where in `bytes` the 8-byte address of another block goes. */
  readonly pointers: readonly { readonly offset: number; readonly target: Data }[];
  /** How `explain` prints it. */
  readonly text: string;

  constructor(bytes: Uint8Array, text: string, pointers: Data["pointers"] = []) {
    this.bytes = bytes;
    this.text = text;
    this.pointers = pointers;
  }
}

const utf8 = new TextEncoder();

/** A NUL-terminated string. Bytes are taken as they are, for names that are not UTF-8. */
export function cString(value: string | Uint8Array): Data {
  const bytes = typeof value === "string" ? utf8.encode(value) : value;
  if (bytes.includes(0)) throw new RangeError("a C string cannot hold a NUL byte");
  const terminated = new Uint8Array(bytes.length + 1);
  terminated.set(bytes);
  return new Data(
    terminated,
    JSON.stringify(typeof value === "string" ? value : new TextDecoder().decode(value)),
  );
}

/** A NULL-terminated vector of strings, as execve(2) takes for argv and envp. `secret` keeps the values out of `explain`. */
export function stringVector(values: readonly string[], { secret = false } = {}): Data {
  const pointers = values.map((value, index) => ({ offset: index * 8, target: cString(value) }));
  const text = secret
    ? `[${values.length} strings]`
    : `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  return new Data(new Uint8Array((values.length + 1) * 8), text, pointers);
}

/** Bytes that a call reads; `text` says in `explain` what they are. */
export function bytes(value: Uint8Array, text: string): Data {
  return new Data(value, text);
}

/** Room for `size` bytes that a call writes. */
export function room(size: number, text: string): Data {
  return new Data(new Uint8Array(size), text);
}

/** A struct with pointers in it, `pointers` by their byte offset. */
export function structure(value: Uint8Array, text: string, pointers: Readonly<Record<number, Data>>): Data {
  const list = Object.entries(pointers).map(([offset, target]) => ({ offset: Number(offset), target }));
  return new Data(value, text, list);
}
