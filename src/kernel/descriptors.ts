/** Descriptors that the engine makes for a shim: pipes, sockets, folders. All close-on-exec. */
import { constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { OwnedFd } from "../../ffi/fd.ts";
import { pipe, write } from "../../ffi/sys/io.ts";
import { pidfdOpen, pidfdSendSignal } from "../../ffi/sys/pidfd.ts";
import { listenAt, socketPair } from "../../ffi/sys/unix-socket.ts";

export { OwnedFd, pipe, socketPair };

/** Bytes of a socket's path that an address holds. */
const PATH_BYTES_MAX = 107;

/** Opens a folder. @throws ENOENT, ENOTDIR as node:fs does */
export function openFolder(path: string): OwnedFd {
  return new OwnedFd(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
}

/** Opens a file for reading: a namespace of /proc/PID/ns, for one. */
export function openForReading(path: string): OwnedFd {
  return new OwnedFd(openSync(path, constants.O_RDONLY));
}

/** Writes one byte to a pipe on which somebody waits. That nobody does any more is fine. */
export function writeByte(writer: OwnedFd): void {
  write(writer.fd, new Uint8Array(1), 0, 1);
}

/**
 * Listens on a unix socket that only its owner can connect to.
 *
 * An address holds 107 bytes of path; a longer one goes by way of its folder's descriptor.
 */
export function listenOnUnixSocket(path: string): OwnedFd {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return listenAt(path);
  using folder = openFolder(dirname(path));
  return listenAt(`/proc/self/fd/${folder.fd}/${basename(path)}`);
}

/** A descriptor of a process, which stays its own when the number is used again; `undefined` when it has ended. */
export function openProcess(pid: number): OwnedFd | undefined {
  return pidfdOpen(pid);
}

/** Sends a signal through a descriptor of {@link openProcess}. @returns false when the process has ended */
export function signalProcess(process: OwnedFd, signal: number): boolean {
  return pidfdSendSignal(process.fd, signal);
}
