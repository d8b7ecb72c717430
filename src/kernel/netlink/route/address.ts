/** IPv4 addresses of links: what `ip address` shows. */
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from "../../../../ffi/structs/netlink.ts";
import {
  AF_INET,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_LOCAL,
  ifaddrmsg,
  RT_SCOPE_UNIVERSE,
  RTM_GETADDR,
  RTM_NEWADDR,
} from "../../../../ffi/structs/rtnetlink.ts";
import { formatIpv4, ipv4Bytes, lastAddress, subnetOf } from "../../../lib/ipv4.ts";
import { attribute, findAttribute, readBe32 } from "../attribute.ts";
import type { NetlinkConnection } from "../connection.ts";
import type { Request } from "../message.ts";

/** An address on a link. */
export interface LinkAddress {
  readonly linkIndex: number;
  readonly address: number;
  readonly prefixLength: number;
}

/** Puts an address on a link. That it is there already is fine. */
export function addAddress({ linkIndex, address, prefixLength }: LinkAddress): Request {
  const broadcast = lastAddress(subnetOf(address, prefixLength));
  return {
    action: `add address ${formatIpv4(address)}/${prefixLength}`,
    type: RTM_NEWADDR,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    parts: [
      ifaddrmsg.encode({ family: AF_INET, prefixLength, scope: RT_SCOPE_UNIVERSE, index: linkIndex }),
      attribute(IFA_LOCAL, ipv4Bytes(address)),
      attribute(IFA_ADDRESS, ipv4Bytes(address)),
      attribute(IFA_BROADCAST, ipv4Bytes(broadcast)),
    ],
    expected: ["EEXIST"],
  };
}

/** The IPv4 addresses of one link, or of all when `linkIndex` is left out. */
export function listAddresses(netlink: NetlinkConnection, linkIndex = 0): LinkAddress[] {
  const answers = netlink.dump({
    action: "list addresses",
    type: RTM_GETADDR,
    flags: 0,
    parts: [ifaddrmsg.encode({ family: AF_INET, index: linkIndex })],
  });
  const found: LinkAddress[] = [];
  for (const { payload } of answers) {
    const { index, prefixLength } = ifaddrmsg.decode(payload);
    const local = findAttribute(payload, IFA_LOCAL, ifaddrmsg.size);
    // Kernels before 4.20 ignore the filter.
    if (local !== undefined && (linkIndex === 0 || index === linkIndex))
      found.push({ linkIndex: index, address: readBe32(local), prefixLength });
  }
  return found;
}
