import { OwnedFd } from "../fd.ts";
import { bind } from "../libc.ts";
import { ret } from "../ret.ts";
import { AF_UNIX, SocketType, sockaddrUn } from "../structs/un.ts";

const libc = bind({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
});

/**
 * Connects a stream socket to the one that listens at `path`. Close-on-exec, blocking.
 *
 * @param path at most 107 bytes: the kernel's limit
 * @throws {SyscallError} ENOENT when there is none; ECONNREFUSED when nobody listens any more.
 * @see unix(7), connect(2)
 */
export function connectUnix(path: string): OwnedFd {
  const bytes = new TextEncoder().encode(path);
  const address = sockaddrUn.encode({ sun_family: AF_UNIX, sun_path: bytes });
  const type = SocketType.STREAM | SocketType.CLOEXEC;
  const socket = new OwnedFd(ret("socket", "AF_UNIX", () => libc.socket(AF_UNIX, type, 0)));
  try {
    ret("connect", path, () => libc.connect(socket.fd, address, address.length));
    return socket;
  } catch (cause) {
    socket.close();
    throw cause;
  }
}
