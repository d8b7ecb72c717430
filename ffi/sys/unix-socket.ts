/** Unix stream sockets: pairs, and those found by a path. */
import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret } from "../ret.ts";

const libc = bind({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  umask: { args: ["u32"], returns: "u32" },
});

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
/** sizeof(sun_path), linux/un.h. */
const PATH_SIZE = 108;
const BACKLOG = 16;
const OWNER_ONLY_UMASK = 0o177;

/** Makes two connected sockets, close-on-exec. @see socketpair(2) */
export function socketPair(): readonly [OwnedFd, OwnedFd] {
  const fds = new Int32Array(2);
  ret("socketpair", "", () => libc.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, fds));
  return [new OwnedFd(fds[0]!), new OwnedFd(fds[1]!)];
}

/**
 * Makes a socket that only its owner can connect to, and listens.
 *
 * @param path at most 107 bytes; a longer one is reached through /proc/self/fd
 * @throws {SyscallError} EADDRINUSE when the path exists. @see bind(2), unix(7)
 */
export function listenAt(path: string): OwnedFd {
  const fd = new OwnedFd(ret("socket", path, () => libc.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0)));
  const address = socketAddress(path);
  const before = libc.umask(OWNER_ONLY_UMASK);
  try {
    ret("bind", path, () => libc.bind(fd.fd, address, address.length));
    ret("listen", path, () => libc.listen(fd.fd, BACKLOG));
  } catch (cause) {
    fd.close();
    throw cause;
  } finally {
    libc.umask(before);
  }
  return fd;
}

/**
 * Connects to a listening socket.
 *
 * @throws {SyscallError} ENOENT or ECONNREFUSED when nobody listens there. @see connect(2)
 */
export function connectTo(path: string): OwnedFd {
  const fd = new OwnedFd(ret("socket", path, () => libc.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0)));
  const address = socketAddress(path);
  try {
    ret("connect", path, () => libc.connect(fd.fd, address, address.length));
  } catch (cause) {
    fd.close();
    throw cause;
  }
  return fd;
}

function socketAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_SIZE)
    throw new RangeError(`a socket's path has ${PATH_SIZE - 1} bytes at most: ${path}`);
  const address = new Uint8Array(2 + PATH_SIZE);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}
