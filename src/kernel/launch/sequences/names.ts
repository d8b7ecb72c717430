/** Calls that name the machine which the container believes to be. */
import type { ProgramBuilder } from "../builder.ts";
import { cString } from "../data.ts";

const byteLength = (text: string) => new TextEncoder().encode(text).length;

/** Names of the UTS namespace; nothing is set for a name that is absent. @see sethostname(2) */
export function setHostname(
  b: ProgramBuilder,
  names: { readonly hostname?: string; readonly domainname?: string },
): void {
  const { hostname, domainname } = names;
  if (hostname)
    b.call("sethostname", [cString(hostname), byteLength(hostname)], { why: "what hostname prints" });
  if (domainname)
    b.call("setdomainname", [cString(domainname), byteLength(domainname)], { why: "the NIS domain" });
}
