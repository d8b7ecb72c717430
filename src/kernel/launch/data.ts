/**
 * Memory that a launch program's calls point to: strings, vectors, structs.
 *
 * A block's pointers to other blocks are kept as references; the encoder places the blocks and turns the references
 * into relocations. Nothing is encoded before it is placed, and no text is made before it is shown: every start of a
 * container writes some 200 of these.
 */
export class Data {
  readonly content: string | Uint8Array;
  /** Where in the block the 8-byte address of another one goes. */
  readonly pointers: readonly { readonly offset: number; readonly target: Data }[];
  readonly #text: string | (() => string) | undefined;

  constructor(
    content: string | Uint8Array,
    text?: string | (() => string),
    pointers: Data["pointers"] = NO_POINTERS,
  ) {
    this.content = content;
    this.#text = text;
    this.pointers = pointers;
  }

  /** How `explain` prints it. */
  get text(): string {
    if (this.#text !== undefined) return typeof this.#text === "string" ? this.#text : this.#text();
    return JSON.stringify(
      typeof this.content === "string" ? this.content : decoder.decode(this.content.subarray(0, -1)),
    );
  }
}

const NO_POINTERS: Data["pointers"] = [];
const decoder = new TextDecoder();

/** A NUL-terminated string. Bytes are taken as they are, for names that are not UTF-8. */
export function cString(value: string | Uint8Array): Data {
  if (typeof value === "string") {
    if (value.includes("\0")) throw new RangeError("a C string cannot hold a NUL byte");
    return new Data(value);
  }
  if (value.includes(0)) throw new RangeError("a C string cannot hold a NUL byte");
  const terminated = new Uint8Array(value.length + 1);
  terminated.set(value);
  return new Data(terminated);
}

/** A NULL-terminated vector of strings, as execve(2) takes for argv and envp. `secret` keeps the values out of `explain`. */
export function stringVector(values: readonly string[], { secret = false } = {}): Data {
  const pointers = values.map((value, index) => ({ offset: index * 8, target: cString(value) }));
  const text = secret ? `[${values.length} strings]` : JSON.stringify(values).replaceAll('","', '", "');
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
