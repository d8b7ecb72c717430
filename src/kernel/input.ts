import { EAGAIN, pread, read, type Span } from "../../ffi/sys/io.ts";

/** What {@link readInput} returns when no more will come. */
export const INPUT_ENDED = -1;

/**
 * Reads what is there, after poll has said that something is.
 *
 * @returns how many bytes, 0 when there was nothing after all (somebody else took it), or {@link
 *   INPUT_ENDED}: the end of the file, a peer that hung up, a terminal that is gone
 * @see read(2)
 */
export function readInput(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const count = read(fd, bytes, offset, length);
  if (count > 0) return count;
  return count === -EAGAIN ? 0 : INPUT_ENDED;
}

/**
 * Reads at a place of a file and leaves its offset alone.
 *
 * @param span where in which bytes to put it, and how much
 * @returns the count, 0 at the end
 * @see pread(2)
 */
export function readAt(fd: number, span: Span, position: number): number {
  return pread(fd, span, position);
}
