import { UsageError } from "../../errors.ts";

/**
 * What leaves a terminal without ending its container, unless `--detach-keys` says otherwise: docker's own.
 */
export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

/** Names of the control characters 0 to 31, in order. */
const CONTROL_KEYS = [..."@abcdefghijklmnopqrstuvwxyz[\\]^_"].map((key) => `ctrl-${key}`);
const DELETE = 127;

/**
 * Reads docker's `--detach-keys`: single characters and `ctrl-X`, with commas between. Empty means the
 * default.
 *
 * @returns the bytes that the keys send
 * @throws {UsageError} for a key that has no name here
 */
export function parseDetachKeys(text: string): Uint8Array<ArrayBuffer> {
  const keys = (text === "" ? DEFAULT_DETACH_KEYS : text).split(",");
  return Uint8Array.from(keys, (key) => keyCode(key, text));
}

function keyCode(key: string, text: string): number {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  if (key === "DEL") return DELETE;
  const code = CONTROL_KEYS.indexOf(key);
  if (code >= 0) return code;
  const hint =
    "Keys are single characters or ctrl-a to ctrl-z, ctrl-@, ctrl-[, ctrl-\\, ctrl-], ctrl-^ and ctrl-_";
  throw new UsageError(`invalid detach keys (${text}) provided: Unknown character: '${key}'`, { hint });
}

/**
 * Looks for the detach keys in what is typed.
 *
 * A beginning of the keys is held back until the next byte tells; if it was something else, it is sent on in
 * full. The keys are found wherever reads happen to cut the input, and when a false start overlaps the true
 * one.
 */
export class DetachKeyMatcher {
  readonly #keys: Uint8Array;
  /** For each count of matched keys: how many are still matched when the next byte is not the next key. */
  readonly #fallbacks: number[];
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
    this.#fallbacks = fallbacks(keys);
  }

  /** How much longer than its input an output can be: what was held back before. */
  get extraBytesMax(): number {
    return this.#keys.length - 1;
  }

  /** Whether the keys were found; nothing is read after them. */
  get found(): boolean {
    return this.#matched === this.#keys.length;
  }

  /** Copies what is not the detach keys from `input` to `output` at `offset`. @returns how many bytes */
  filter(input: Uint8Array, length: number, output: Uint8Array, offset: number): number {
    let end = offset;
    for (let i = 0; i < length && !this.found; i++) {
      const byte = input[i]!;
      while (this.#matched > 0 && this.#keys[this.#matched] !== byte) {
        const kept = this.#fallbacks[this.#matched]!;
        end = this.#release(this.#matched - kept, output, end);
        this.#matched = kept;
      }
      if (this.#keys[this.#matched] === byte) this.#matched++;
      else output[end++] = byte;
    }
    return end - offset;
  }

  /** Gives out what is held back, when the input has ended. @returns how many bytes */
  flush(output: Uint8Array, offset: number): number {
    const held = this.#matched;
    this.#matched = 0;
    return this.#release(held, output, offset) - offset;
  }

  #release(count: number, output: Uint8Array, offset: number): number {
    for (let i = 0; i < count; i++) output[offset + i] = this.#keys[i]!;
    return offset + count;
  }
}

/** The failure function of Knuth, Morris and Pratt's string search. */
function fallbacks(keys: Uint8Array): number[] {
  const result = [0, 0];
  let kept = 0;
  for (let i = 1; i < keys.length; i++) {
    while (kept > 0 && keys[i] !== keys[kept]) kept = result[kept]!;
    if (keys[i] === keys[kept]) kept++;
    result.push(kept);
  }
  return result;
}
