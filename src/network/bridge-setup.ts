/**
 * The making of a bridge, for the first container after a boot and for repair.
 *
 * Every step may find that another command has done it already. The bridge comes up last: one that is up and has
 * its address is complete.
 */
import { ConflictError, UnavailableError } from "../errors.ts";
import type { NetlinkConnection } from "../kernel/netlink/connection.ts";
import { addAddress, type LinkAddress, listAddresses } from "../kernel/netlink/route/address.ts";
import { bringUp, createBridge, findLink, findLinkByIndex, type Link } from "../kernel/netlink/route/link.ts";
import { egressLinkIndex, listRoutes, type Route } from "../kernel/netlink/route/route.ts";
import { formatSubnet, type Subnet, subnetOf } from "../lib/ipv4.ts";
import type { Database } from "../store/database.ts";
import { findSubnet, recordSubnet, replaceSubnet } from "../store/leases.ts";
import { macOf } from "./endpoint-names.ts";
import { disableIpv6 } from "./host-sysctl.ts";
import { explainingRefusal } from "./refusal.ts";
import { chooseSubnet, isInUse } from "./subnet-pool.ts";

/** Ethernet's own, for a machine without a default route. */
const DEFAULT_MTU_BYTES = 1500;
/** A bridge takes no more; loopback, for one, has more. */
const MAX_MTU_BYTES = 65_535;

/** A bridge that is up. */
export interface Bridge {
  readonly link: Link;
  readonly subnet: Subnet;
}

/** The address of the bridge itself: the subnet's first. */
export function gatewayOf(subnet: Subnet): number {
  return subnet.base + 1;
}

/**
 * The bridge if it is complete; undefined when any of it is missing. Costs two short requests.
 *
 * @param network the name that the database knows it by
 * @param name the link's name
 */
export function findBridge(
  netlink: NetlinkConnection,
  database: Database,
  { network, name }: { network: string; name: string },
): Bridge | undefined {
  const subnet = findSubnet(database, network);
  const link = findLink(netlink, name);
  if (subnet === undefined || link === undefined || !link.isUp || link.kind !== "bridge") return undefined;
  const isGateway = ({ address, prefixLength }: LinkAddress) =>
    address === gatewayOf(subnet) && prefixLength === subnet.prefixLength;
  return listAddresses(netlink, link.index).some(isGateway) ? { link, subnet } : undefined;
}

/**
 * Makes the bridge, or what is missing of it.
 *
 * @throws {UnavailableError} when every subnet of the pool is in use on this machine
 * @throws {ConflictError} when a link that is no bridge has the name
 * @throws {UnsupportedError} when the kernel cannot make bridges
 */
export function setUpBridge(
  netlink: NetlinkConnection,
  database: Database,
  { network, name }: { network: string; name: string },
): Bridge {
  // The routes before the link: a bridge that another command makes meanwhile is then not taken for a foreign one.
  const routes = listRoutes(netlink);
  const addresses = listAddresses(netlink);
  const existing = findLink(netlink, name);
  const subnet = agreeOnSubnet(database, network, { routes, addresses, bridgeIndex: existing?.index });
  const gateway = gatewayOf(subnet);
  return explainingRefusal({ action: `create the bridge "${name}"`, modules: "bridge" }, () => {
    if (existing === undefined) {
      const mtu = egressMtu(netlink, routes);
      const create = createBridge(name, { mtu, mac: macOf(gateway) });
      netlink.execute([{ ...create, expected: ["EEXIST"] }]);
    }
    const link = findLink(netlink, name);
    if (link?.kind !== "bridge")
      throw new ConflictError(`Cannot use link "${name}" as a bridge: it is ${link?.kind ?? "gone"}`);
    disableIpv6(name);
    const { index: linkIndex } = link;
    const address = addAddress({ linkIndex, address: gateway, prefixLength: subnet.prefixLength });
    netlink.execute([address, bringUp(linkIndex, name)]);
    return { link, subnet };
  });
}

/** What the machine uses already. */
interface Surroundings {
  readonly routes: readonly Route[];
  readonly addresses: readonly LinkAddress[];
  readonly bridgeIndex: number | undefined;
}

/**
 * The subnet that all commands agree on.
 *
 * The database's, if it has one and the machine has not taken it for something else since the last boot. Otherwise
 * that of the bridge, if it has one; or one that nothing uses. While containers have addresses, nothing changes.
 */
function agreeOnSubnet(database: Database, network: string, surroundings: Surroundings): Subnet {
  const { routes, addresses, bridgeIndex } = surroundings;
  const isForeign = ({ linkIndex }: { linkIndex: number | undefined }) => linkIndex !== bridgeIndex;
  const subnetOn = ({ address, prefixLength }: LinkAddress) => subnetOf(address, prefixLength);
  const inUse = [
    ...routes.filter(isForeign).map(({ destination }) => destination),
    ...addresses.filter(isForeign).map(subnetOn),
  ];
  const recorded = findSubnet(database, network);
  const onBridge = addresses.filter((address) => !isForeign(address)).map(subnetOn);
  const isRight = (subnet: Subnet) =>
    onBridge.length === 0
      ? !isInUse(subnet, inUse)
      : onBridge.some((other) => formatSubnet(other) === formatSubnet(subnet));
  if (recorded !== undefined && isRight(recorded)) return recorded;
  const better = onBridge[0] ?? chooseSubnet(inUse);
  if (better === undefined) {
    throw new UnavailableError(
      "Cannot choose a subnet for containers: all that could be used overlap a route",
      {
        hint: "Look at `ip route`: a VPN may have taken every private range; disconnect it or use --network host",
      },
    );
  }
  if (recorded === undefined) return recordSubnet(database, network, better);
  replaceSubnet(database, network, { from: recorded, to: better });
  return findSubnet(database, network) ?? recorded;
}

/** What a packet may have to pass the link that leads out; a larger one would be lost behind a VPN or in a cloud. */
function egressMtu(netlink: NetlinkConnection, routes: readonly Route[]): number {
  const index = egressLinkIndex(routes);
  const mtu = index === undefined ? undefined : findLinkByIndex(netlink, index)?.mtu;
  return Math.min(mtu ?? DEFAULT_MTU_BYTES, MAX_MTU_BYTES);
}
