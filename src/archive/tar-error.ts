import { InvalidDataError } from "../errors.ts";

const decoder = new TextDecoder();

/** The archive cannot be read, and why. `offset` is where in the uncompressed archive the trouble starts. */
export class TarError extends InvalidDataError {
  constructor(reason: string, offset: number) {
    super(`Cannot read the archive: ${reason} at byte ${offset}`);
  }
}

/** A name for a message: control characters are visible, and it is not longer than a line. */
export function printable(name: Uint8Array): string {
  const text = decoder.decode(name.subarray(0, 200));
  const escaped = text.replace(
    /[\u0000-\u001f\u007f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return name.length > 200 ? `${escaped}…` : escaped;
}
