/** Netlink requests that a process in a new network namespace sends for itself. */
import type { ProgramBuilder } from "../builder.ts";
import { bytes } from "../data.ts";
import { Symbolic } from "../program.ts";

/** Sends one rtnetlink request; the kernel acts on it before the call returns. @see rtnetlink(7) */
export function sendNetlink(b: ProgramBuilder, request: Uint8Array, why: string): void {
  const mark = b.registerMark;
  const family = new Symbolic(16, "AF_NETLINK");
  const type = new Symbolic(3 | 0o2000000, "SOCK_RAW|SOCK_CLOEXEC");
  const socket = b.callFor("netlink", "socket", [family, type, new Symbolic(0, "NETLINK_ROUTE")], {
    why,
    subject: "a netlink socket",
  });
  b.call("sendto", [socket, bytes(request, `{${request.length} bytes}`), request.length, 0, null, 0], {
    why,
    subject: "netlink",
  });
  b.call("close", [socket], { why: "done with it", subject: "netlink" });
  b.reuseRegisters(mark);
}
