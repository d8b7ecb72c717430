import { constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { OwnedFd } from "../../ffi/fd.ts";
import { connectTo } from "../../ffi/sys/unix-socket.ts";

/** sizeof sun_path, with its final zero. */
const PATH_BYTES_MAX = 107;

/**
 * Connects to the unix stream socket at `path`, however long that is.
 *
 * An address holds 107 bytes of path; a longer one goes by way of its folder's descriptor.
 *
 * @throws {SyscallError} ENOENT when there is none; ECONNREFUSED when nobody listens any more.
 * @see unix(7)
 */
export function connectUnixSocket(path: string): OwnedFd {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return connectTo(path);
  using folder = new OwnedFd(openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY));
  return connectTo(`/proc/self/fd/${folder.fd}/${basename(path)}`);
}
