import { constants, openSync } from "node:fs";
import { OwnedFd } from "../../ffi/fd.ts";
import { lockExclusive } from "../../ffi/sys/lock.ts";

/**
 * Locks a folder against others who do the same, until the result is disposed of or this process ends.
 *
 * The folder itself is the lock, so nothing has to be cleaned up.
 *
 * @param wait whether to wait for whoever has it
 * @returns `undefined` when the folder does not exist, or when somebody has the lock and `wait` is false
 * @see flock(2)
 */
export function lockFolder(path: string, { wait }: { wait: boolean }): OwnedFd | undefined {
  let folder: OwnedFd;
  try {
    folder = new OwnedFd(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  if (lockExclusive(folder.fd, { wait, subject: path })) return folder;
  folder.close();
  return undefined;
}
