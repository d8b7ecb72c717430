import { failureCode } from "../kernel/syscall-failure.ts";

/** overlayfs's own: from an archive they could redirect a folder or make it opaque. An archive says that by name. */
const OVERLAY_PREFIXES = ["trusted.overlay.", "user.overlay."];

/** File capabilities: a program without them would start and then fail. */
const CAPABILITY = "security.capability";

/** The file system, the kernel or the kind of file has no attribute of that namespace. */
const NOT_SUPPORTED = ["EOPNOTSUPP", "EPERM"];

/**
 * Sets the extended attributes of an entry, capabilities among them.
 *
 * One that this machine cannot keep (an SELinux label without SELinux) is left out, as other engines do; but never
 * capabilities.
 */
export function setXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  set: (name: string, value: Uint8Array) => void,
): void {
  for (const [name, value] of xattrs) {
    if (OVERLAY_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    try {
      set(name, value);
    } catch (cause) {
      const code = failureCode(cause);
      if (name === CAPABILITY || code === undefined || !NOT_SUPPORTED.includes(code)) throw cause;
    }
  }
}
