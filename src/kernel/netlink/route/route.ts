/** IPv4 routes: what `ip route` shows. */
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from "../../../../ffi/structs/netlink.ts";
import {
  AF_INET,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  rtmsg,
} from "../../../../ffi/structs/rtnetlink.ts";
import { formatIpv4, ipv4Bytes, type Subnet } from "../../../lib/ipv4.ts";
import { attribute, parseAttributes, readBe32, readU32, u32 } from "../attribute.ts";
import type { NetlinkConnection } from "../connection.ts";
import type { Request } from "../message.ts";

/** A unicast route. */
export interface Route {
  readonly destination: Subnet;
  readonly table: number;
  /** The link it leaves by; undefined for a route with several. */
  readonly linkIndex: number | undefined;
  /** Among routes to one destination, the lowest wins. */
  readonly priority: number;
}

/** Sends everything without a better route to `gateway`. The link must be up and the gateway on its subnet. */
export function addDefaultRoute({ gateway, linkIndex }: { gateway: number; linkIndex: number }): Request {
  return {
    action: `add the default route by ${formatIpv4(gateway)}`,
    type: RTM_NEWROUTE,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    parts: [
      rtmsg.encode({
        family: AF_INET,
        table: RT_TABLE_MAIN,
        protocol: RTPROT_BOOT,
        scope: RT_SCOPE_UNIVERSE,
        type: RTN_UNICAST,
      }),
      attribute(RTA_GATEWAY, ipv4Bytes(gateway)),
      u32(RTA_OIF, linkIndex),
    ],
  };
}

/** The unicast routes of all tables. */
export function listRoutes(netlink: NetlinkConnection): Route[] {
  const answers = netlink.dump({
    action: "list routes",
    type: RTM_GETROUTE,
    flags: 0,
    parts: [rtmsg.encode({ family: AF_INET })],
  });
  const found: Route[] = [];
  for (const { payload } of answers) {
    const header = rtmsg.decode(payload);
    if (header.type !== RTN_UNICAST) continue;
    const attributes = parseAttributes(payload, rtmsg.size);
    const number = (type: number) => {
      const bytes = attributes.get(type);
      return bytes === undefined ? undefined : readU32(bytes);
    };
    const base = attributes.get(RTA_DST);
    found.push({
      destination: { base: base === undefined ? 0 : readBe32(base), prefixLength: header.destinationLength },
      table: number(RTA_TABLE) ?? header.table,
      linkIndex: number(RTA_OIF),
      priority: number(RTA_PRIORITY) ?? 0,
    });
  }
  return found;
}

/** The index of the link that the main table's default route leaves by; undefined without one. */
export function egressLinkIndex(routes: readonly Route[]): number | undefined {
  return routes
    .filter(({ destination, table }) => destination.prefixLength === 0 && table === RT_TABLE_MAIN)
    .sort((one, other) => one.priority - other.priority)
    .find(({ linkIndex }) => linkIndex !== undefined)?.linkIndex;
}
