import { dirname, basename } from "node:path";
import { openDirectory } from "./directory.ts";
import { failureCode } from "./syscall-failure.ts";

/**
 * Removes a file or a folder of the machine, with all it holds; nothing to remove is no error.
 *
 * No link is followed and no mount is entered, and however deep the tree is, few descriptors are open.
 *
 * @throws {SyscallError} EXDEV or EBUSY at a mount point; EPERM, EROFS
 */
export function removeTree(path: string): void {
  try {
    using parent = openDirectory(dirname(path));
    parent.removeTree(basename(path));
  } catch (cause) {
    if (failureCode(cause) !== "ENOENT") throw cause;
  }
}
