import { bind } from "../libc.ts";
import { ret } from "../ret.ts";
import { sigaction as sigactionStruct } from "../structs/signal.ts";

const libc = bind({ sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" } });

/**
 * Reads what happens on a signal, as a `struct sigaction`.
 *
 * @throws {SyscallError} EINVAL for a number that is no signal, or one that libc keeps to itself (32, 33).
 * @see sigaction(2)
 */
export function getSigaction(signal: number): Uint8Array<ArrayBuffer> {
  const old = new Uint8Array(sigactionStruct.size);
  ret("sigaction", `signal ${signal}`, () => libc.sigaction(signal, null, old));
  return old;
}

/** Sets what happens on a signal, for every thread of the process. @see sigaction(2) */
export function setSigaction(signal: number, action: Uint8Array): void {
  ret("sigaction", `signal ${signal}`, () => libc.sigaction(signal, action, null));
}
