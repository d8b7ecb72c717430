import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret, retUnless } from "../ret.ts";

// Results are declared int: a datagram never exceeds 2 GiB, and bun:ffi returns an int as a plain number.
const libc = bind({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
});

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

const EAGAIN = 11;

/**
 * Creates an endpoint for communication, close-on-exec.
 *
 * @throws {SyscallError} EAFNOSUPPORT, EPROTONOSUPPORT when the kernel has no such family or protocol
 * @see socket(2)
 */
export function socket(args: { family: number; type: number; protocol: number }): OwnedFd {
  const { family, type, protocol } = args;
  const subject = `family ${family}, protocol ${protocol}`;
  return new OwnedFd(ret("socket", subject, () => libc.socket(family, type | SOCK_CLOEXEC, protocol)));
}

/**
 * Sets a socket option whose value is an int.
 *
 * @returns false when the kernel does not know the option (ENOPROTOOPT)
 * @see setsockopt(2)
 */
export function setIntOption(
  fd: number,
  { level, option }: { level: number; option: number },
  value: number,
) {
  const ENOPROTOOPT = 92;
  const bytes = new Int32Array([value]);
  const call = () => libc.setsockopt(fd, level, option, bytes, 4);
  return retUnless("setsockopt", `level ${level}, option ${option}`, [ENOPROTOOPT], call) >= 0;
}

/**
 * Sends one datagram to where the socket is connected; a netlink socket is connected to the kernel from the start.
 *
 * @returns the number of bytes sent
 * @see send(2)
 */
export function send(fd: number, bytes: Uint8Array, flags = 0): number {
  return ret("send", `socket ${fd}`, () => libc.send(fd, bytes, bytes.length, flags));
}

/**
 * Receives one datagram if there is one.
 *
 * @returns its size in bytes, which exceeds the buffer's when it did not fit; undefined when nothing waits
 * @throws {SyscallError} ENOBUFS when a netlink socket lost messages
 * @see recv(2)
 */
export function receiveNow(fd: number, buffer: Uint8Array): number | undefined {
  const flags = MSG_DONTWAIT | MSG_TRUNC;
  const call = () => libc.recv(fd, buffer, buffer.length, flags);
  const size = retUnless("recv", `socket ${fd}`, [EAGAIN], call);
  return size < 0 ? undefined : size;
}
