import { bind } from "../libc.ts";
import { retUnless } from "../ret.ts";
import { timespec } from "../structs/poll.ts";

const libc = bind({ ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" } });

const EINTR = 4;
const timeout = new DataView(new ArrayBuffer(timespec.size));
const timeoutBytes = new Uint8Array(timeout.buffer);

/**
 * Waits until one of `count` descriptors is ready.
 *
 * A signal that arrives meanwhile ends the wait with 0, as a timeout does: the caller looks at its signal
 * pipe and its clock, and waits again.
 *
 * @param fds `struct pollfd[count]`; `revents` is filled in
 * @param timeoutMs milliseconds, or `null` to wait without end
 * @returns how many entries have events
 * @see ppoll(2)
 */
export function ppoll(fds: Uint8Array, count: number, timeoutMs: number | null): number {
  if (timeoutMs !== null) {
    timeout.setBigInt64(0, BigInt(Math.floor(timeoutMs / 1000)), true);
    timeout.setBigInt64(8, BigInt(Math.floor((timeoutMs % 1000) * 1e6)), true);
  }
  const limit = timeoutMs === null ? null : timeoutBytes;
  const result = retUnless("ppoll", "descriptors", [EINTR], () => libc.ppoll(fds, count, limit, null));
  return result === -EINTR ? 0 : result;
}
