import { ptr } from "bun:ffi";
import { errnoNumber } from "../errno.ts";
import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret, retUnless } from "../ret.ts";

// A count never exceeds 2 GiB: as an int it comes back as a plain number.
const libc = bind({
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
});

export const EAGAIN = errnoNumber("EAGAIN");
export const EPIPE = errnoNumber("EPIPE");
export const ECONNRESET = errnoNumber("ECONNRESET");
export const EIO = errnoNumber("EIO");

/** Failures that a byte pump expects; they come back as negative numbers, everything else is thrown. */
const PUMP_ERRNOS = [EAGAIN, EPIPE, ECONNRESET, EIO];

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Part of a byte array, without the object that a subarray would cost in a loop. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads up to `length` bytes into `bytes` at `offset`.
 *
 * @returns the count, 0 at the end of the input; -EAGAIN, -EPIPE, -ECONNRESET or -EIO (a terminal that hung
 *   up)
 * @see read(2)
 */
export function read(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const address = ptr(bytes, offset);
  return retUnless("read", `fd ${fd}`, PUMP_ERRNOS, () => libc.read(fd, address, length));
}

/** Like {@link read}, from a place in the file. @see pread(2) */
export function pread(fd: number, { bytes, offset, length }: Span, position: number): number {
  const address = ptr(bytes, offset);
  return ret("pread", `fd ${fd}`, () => libc.pread(fd, address, length, position));
}

/**
 * Writes up to `length` bytes of `bytes` from `offset`.
 *
 * @returns the count; -EAGAIN, -EPIPE, -ECONNRESET or -EIO
 * @see write(2)
 */
export function write(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const address = ptr(bytes, offset);
  return retUnless("write", `fd ${fd}`, PUMP_ERRNOS, () => libc.write(fd, address, length));
}

/** Writes to a socket without waiting and without SIGPIPE, whatever mode the socket is in. @see send(2) */
export function sendNow(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const address = ptr(bytes, offset);
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return retUnless("send", `fd ${fd}`, PUMP_ERRNOS, () => libc.send(fd, address, length, flags));
}

/** Makes a pipe: close-on-exec, and non-blocking on both sides if asked. @see pipe2(2) */
export function pipe({ nonBlocking = false } = {}): { readonly reader: OwnedFd; readonly writer: OwnedFd } {
  const fds = new Int32Array(2);
  ret("pipe2", "", () => libc.pipe2(fds, O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)));
  return { reader: new OwnedFd(fds[0]!), writer: new OwnedFd(fds[1]!) };
}
