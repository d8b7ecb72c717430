/**
 * Links: what `ip link` calls network devices. Requests are data; a connection sends them.
 *
 * @see rtnetlink(7) · ip-link(8)
 */
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from "../../../../ffi/structs/netlink.ts";
import {
  AF_INET6,
  AF_UNSPEC,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_BRPORT_MODE,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  IFLA_NUM_RX_QUEUES,
  IFLA_NUM_TX_QUEUES,
  IFNAMSIZ,
  IN6_ADDR_GEN_MODE_NONE,
  ifinfomsg,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  VETH_INFO_PEER,
} from "../../../../ffi/structs/rtnetlink.ts";
import {
  type Attribute,
  attribute,
  findAttribute,
  nested,
  readText,
  readU32,
  text,
  textBytes,
  u8,
  u32,
} from "../attribute.ts";
import type { NetlinkConnection } from "../connection.ts";
import { type Answer, encodeRequests, type Request } from "../message.ts";

/** This byte and those below it are white space or control characters. */
const SPACE = 0x20;
/** `/`, `:` and `%`. */
const FORBIDDEN_IN_NAMES = [0x2f, 0x3a, 0x25];

/** The index of `lo` in every network namespace. */
export const LOOPBACK_INDEX = 1;

/** A link as the kernel describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** The driver, as `ip link add type` names it: `bridge`, `veth`; undefined for most hardware. */
  readonly kind: string | undefined;
}

/**
 * Encodes a link's name.
 *
 * @throws {RangeError} for a name that the kernel would cut or refuse: empty, over 15 bytes, `.` or `..`, or with a
 *   slash, a colon or white space; and for one with `%`, which asks the kernel to choose a number
 */
export function linkName(name: string): Attribute {
  const bytes = textBytes(name);
  const isRefused = name === "" || name === "." || name === ".." || bytes.length >= IFNAMSIZ;
  if (isRefused || bytes.some((byte) => byte <= SPACE || FORBIDDEN_IN_NAMES.includes(byte)))
    throw new RangeError(`not a link's name: ${JSON.stringify(name)}`);
  return text(IFLA_IFNAME, name);
}

/** Creates a bridge that is down. Fails with EEXIST when any link has the name. */
export function createBridge(name: string, options: { mtu: number; mac: Uint8Array }): Request {
  return {
    action: `create bridge ${name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    parts: [
      ifinfomsg.encode({ family: AF_UNSPEC }),
      linkName(name),
      u32(IFLA_MTU, options.mtu),
      attribute(IFLA_ADDRESS, options.mac),
      nested(IFLA_LINKINFO, [text(IFLA_INFO_KIND, "bridge")]),
    ],
  };
}

/** Both ends of a new veth pair. */
export interface VethPair {
  readonly name: string;
  /** The bridge that the near end becomes a port of. */
  readonly masterIndex: number;
  /** Bytes, for both ends. */
  readonly mtu: number;
  readonly peer: {
    readonly name: string;
    readonly mac: Uint8Array;
    /** The network namespace it is born in. */
    readonly netnsFd: number;
  };
}

/**
 * Creates a veth pair, both ends down: the near end a bridge's port, the far end in another namespace.
 *
 * The far end could not be created up: its link would be opened before it has a peer (ENOTCONN). One queue is enough,
 * since veth transmits without a lock; more would cost a kernel object each.
 * Fails with EEXIST when a name is in use, EINVAL when the master does not exist. The far end's index is the
 * kernel's choice: one asked for is ignored unless the near end's is asked for too.
 */
export function createVethPair({ name, masterIndex, mtu, peer }: VethPair): Request {
  const queues = [u32(IFLA_NUM_TX_QUEUES, 1), u32(IFLA_NUM_RX_QUEUES, 1)];
  const farEnd = [
    ifinfomsg.encode({}),
    linkName(peer.name),
    u32(IFLA_MTU, mtu),
    attribute(IFLA_ADDRESS, peer.mac),
    u32(IFLA_NET_NS_FD, peer.netnsFd),
    ...queues,
  ];
  return {
    action: `create link ${name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    parts: [
      ifinfomsg.encode({}),
      linkName(name),
      u32(IFLA_MTU, mtu),
      u32(IFLA_MASTER, masterIndex),
      ...queues,
      nested(IFLA_LINKINFO, [
        text(IFLA_INFO_KIND, "veth"),
        nested(IFLA_INFO_DATA, [nested(VETH_INFO_PEER, farEnd)]),
      ]),
    ],
  };
}

/**
 * Brings a bridge's port up, in hairpin mode: frames may go back where they came from, so that a container can reach
 * its own published port.
 *
 * @param hasIpv6 whether the kernel speaks IPv6; then the port is told to take no link-local address, since a port
 *   needs none and would announce it to the container
 */
export function bringUpPort(name: string, { hasIpv6 }: { hasIpv6: boolean }): Request {
  const slaveData = nested(IFLA_INFO_SLAVE_DATA, [u8(IFLA_BRPORT_MODE, 1)]);
  const noAddress = u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  return {
    action: `bring up port ${name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_ACK,
    parts: [
      ifinfomsg.encode({ flags: IFF_UP, change: IFF_UP }),
      linkName(name),
      nested(IFLA_LINKINFO, [text(IFLA_INFO_SLAVE_KIND, "bridge"), slaveData]),
      ...(hasIpv6 ? [nested(IFLA_AF_SPEC, [nested(AF_INET6, [noAddress])])] : []),
    ],
  };
}

/** Brings a link up. */
export function bringUp(index: number, label = `link ${index}`): Request {
  return {
    action: `bring up ${label}`,
    type: RTM_NEWLINK,
    flags: NLM_F_ACK,
    parts: [ifinfomsg.encode({ index, flags: IFF_UP, change: IFF_UP })],
  };
}

/**
 * The whole request, header included, that brings loopback up: 32 bytes for `socket(AF_NETLINK, SOCK_RAW, 0)`.
 *
 * It exists for code that runs no JavaScript, a container's own birth: send(2) it as it is; the acknowledgement
 * need not be read.
 */
export function loopbackUpRequest(): Uint8Array<ArrayBuffer> {
  return encodeRequests([bringUp(LOOPBACK_INDEX, "lo")], 1);
}

/** Deletes a link, and its peer if it has one. Slow: the kernel waits for all processors (about 35 ms). */
export function deleteLink(index: number, label = `link ${index}`): Request {
  return {
    action: `delete ${label}`,
    type: RTM_DELLINK,
    flags: NLM_F_ACK,
    parts: [ifinfomsg.encode({ index })],
    expected: ["ENODEV"],
  };
}

/** Looks a link up by name; undefined when there is none. */
export function findLink(netlink: NetlinkConnection, name: string): Link | undefined {
  return findOne(netlink, { action: `look up link ${name}`, parts: [ifinfomsg.encode({}), linkName(name)] });
}

/** Looks a link up by index; undefined when there is none. */
export function findLinkByIndex(netlink: NetlinkConnection, index: number): Link | undefined {
  return findOne(netlink, { action: `look up link ${index}`, parts: [ifinfomsg.encode({ index })] });
}

/** All links of the namespace. */
export function listLinks(netlink: NetlinkConnection): Link[] {
  const parts = [ifinfomsg.encode({}), u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)];
  return netlink.dump({ action: "list links", type: RTM_GETLINK, flags: 0, parts }).map(parseLink);
}

function findOne(netlink: NetlinkConnection, request: Pick<Request, "action" | "parts">): Link | undefined {
  const parts = [...request.parts, u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)];
  const { action } = request;
  const answer = netlink.get({ action, parts, type: RTM_GETLINK, flags: 0, expected: ["ENODEV"] });
  return answer === undefined ? undefined : parseLink(answer);
}

function parseLink({ payload }: Answer): Link {
  const { index, flags } = ifinfomsg.decode(payload);
  const name = findAttribute(payload, IFLA_IFNAME, ifinfomsg.size);
  const mtu = findAttribute(payload, IFLA_MTU, ifinfomsg.size);
  const info = findAttribute(payload, IFLA_LINKINFO, ifinfomsg.size);
  const kind = info === undefined ? undefined : findAttribute(info, IFLA_INFO_KIND);
  return {
    index,
    name: name === undefined ? "" : readText(name),
    isUp: (flags & IFF_UP) !== 0,
    mtu: mtu === undefined ? 0 : readU32(mtu),
    kind: kind === undefined ? undefined : readText(kind),
  };
}
