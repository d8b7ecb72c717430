/** Kernel parameters of the network, /proc/sys/net: of the namespace that the calling thread is in. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const IP_FORWARD = "/proc/sys/net/ipv4/ip_forward";

/** errno names that say "you may not", in their different ways. */
const REFUSALS = ["EROFS", "EACCES", "EPERM"];

/**
 * Lets the machine pass packets on between links, without which containers reach nothing beyond the host.
 *
 * @returns a warning when it is off and cannot be switched on: /proc/sys is read-only in many sandboxes
 */
export function enableForwarding(): string | undefined {
  try {
    if (readFileSync(IP_FORWARD, "utf8").trim() === "1") return undefined;
    writeFileSync(IP_FORWARD, "1");
    return undefined;
  } catch (cause) {
    if (!hasCode(cause, REFUSALS)) throw cause;
    return (
      "Containers will not reach beyond this machine: net.ipv4.ip_forward is 0 and cannot be changed. " +
      "Run `sysctl -w net.ipv4.ip_forward=1` on the host"
    );
  }
}

/**
 * Switches IPv6 off on a link of an IPv4 network.
 *
 * The kernel would give it a link-local address, by which neighbours reach it past every IPv4 rule, and it would
 * believe router advertisements (CVE-2024-32473, CVE-2020-13401). A kernel without IPv6 has nothing to switch off.
 */
export function disableIpv6(link: string): void {
  for (const [name, value] of [
    ["disable_ipv6", "1"],
    ["accept_ra", "0"],
  ] as const) {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${link}/${name}`, value);
    } catch (cause) {
      // A read-only /proc/sys is the sandbox's own decision, as in enableForwarding.
      if (!hasCode(cause, ["ENOENT", ...REFUSALS])) throw cause;
    }
  }
}

/** Whether the kernel speaks IPv6: it may be built without, or booted with `ipv6.disable=1`. */
export function hasIpv6(): boolean {
  return existsSync("/proc/sys/net/ipv6");
}

function hasCode(cause: unknown, codes: readonly string[]): boolean {
  return cause instanceof Error && "code" in cause && codes.includes(String(cause.code));
}
