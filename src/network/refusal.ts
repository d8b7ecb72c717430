/** What the kernel's refusals mean to the user. */
import { ConflictError, PermissionError, UnsupportedError } from "../errors.ts";
import { isNetlinkError } from "../kernel/netlink/netlink-error.ts";

/** The work that a refusal ends, and the modules that it needs. */
export interface Work {
  /** A verb and its object: `create the bridge "md0"`. */
  readonly action: string;
  /** What to load where the kernel has not built it in: `bridge`. */
  readonly modules: string;
}

/**
 * Does netlink work and puts the kernel's refusal in the user's words.
 *
 * @throws {PermissionError} without CAP_NET_ADMIN
 * @throws {UnsupportedError} when the kernel lacks a module
 * @throws {ConflictError} when a name or an address is taken
 */
export function explainingRefusal<Result>({ action, modules }: Work, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (isNetlinkError(cause, "EPERM", "EACCES")) {
      const hint = "Run as root; inside a container, CAP_NET_ADMIN is needed";
      throw new PermissionError(`Cannot ${action}: not permitted`, { cause, hint });
    }
    if (isNetlinkError(cause, "EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOENT")) {
      const hint = `Run \`modprobe -a ${modules}\`, or choose --network none or host`;
      throw new UnsupportedError(`Cannot ${action}: the kernel lacks support (${cause.message})`, {
        cause,
        hint,
      });
    }
    if (isNetlinkError(cause, "EEXIST", "EBUSY"))
      throw new ConflictError(`Cannot ${action}: ${cause.message}`, { cause });
    throw cause;
  }
}
