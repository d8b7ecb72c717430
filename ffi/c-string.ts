/** A file name as the kernel has it: any bytes but `/` and NUL. A string stands for its UTF-8 bytes. */
export type Name = string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The NUL-terminated bytes of a name or path, for a `char *` argument.
 *
 * @throws {RangeError} when it contains a NUL, which the kernel would take for its end
 */
export function cString(name: Name): Uint8Array<ArrayBuffer> {
  const bytes = typeof name === "string" ? encoder.encode(name) : name;
  if (bytes.includes(0)) throw new RangeError(`a path contains a NUL byte: ${displayName(bytes)}`);
  const terminated = new Uint8Array(bytes.length + 1);
  terminated.set(bytes);
  return terminated;
}

/** A name for a message: bytes that are not UTF-8 and control characters become visible. */
export function displayName(name: Name): string {
  const text = typeof name === "string" ? name : decoder.decode(name);
  return text.replace(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
