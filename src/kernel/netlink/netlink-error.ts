import { errnoCode, errnoText } from "../../../ffi/errno.ts";

/** A netlink request that the kernel refused: what it was for, the errno by name, and the kernel's own words. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** The errno's symbolic name, `"EEXIST"`. */
  readonly code: string;
  /** The request's purpose: `create link md0`. */
  readonly action: string;
  /** The kernel's extended acknowledgement, when it gave one. */
  readonly explanation: string | undefined;

  constructor(action: string, errno: number, explanation?: string) {
    const code = errnoCode(errno);
    super(`${action}: ${code} (${explanation ?? errnoText(errno)})`);
    this.code = code;
    this.action = action;
    this.explanation = explanation;
  }
}

/** Whether `cause` is the kernel's refusal of a netlink request for one of these reasons. */
export function isNetlinkError(cause: unknown, ...codes: readonly string[]): cause is NetlinkError {
  return cause instanceof NetlinkError && codes.includes(cause.code);
}
