/** `--network bridge`: a bridge on the host, a veth pair for each container, masquerade to the world. */
import { ConflictError } from "../errors.ts";
import { type NetlinkConnection, openNetlink } from "../kernel/netlink/connection.ts";
import { isNetlinkError } from "../kernel/netlink/netlink-error.ts";
import { addAddress } from "../kernel/netlink/route/address.ts";
import {
  bringUp,
  bringUpPort,
  createVethPair,
  deleteLink,
  findLink,
  LOOPBACK_INDEX,
  listLinks,
} from "../kernel/netlink/route/link.ts";
import { addDefaultRoute } from "../kernel/netlink/route/route.ts";
import { inNetworkNamespace } from "../kernel/netns.ts";
import { assert } from "../lib/assert.ts";
import type { Subnet } from "../lib/ipv4.ts";
import type { Database } from "../store/database.ts";
import { allocateLease, findLease, findSubnet, releaseLeases } from "../store/leases.ts";
import { type Bridge, findBridge, gatewayOf, setUpBridge } from "./bridge-setup.ts";
import type { Endpoint, NamespaceChoice, NetworkDriver } from "./driver.ts";
import { CONTAINER_LINK, hostLinkName, LINK_NAMES_MAX, macOf, ownerOfLink } from "./endpoint-names.ts";
import { ensureFirewall } from "./firewall.ts";
import { disableIpv6, enableForwarding, hasIpv6 } from "./host-sysctl.ts";
import { explainingRefusal } from "./refusal.ts";

/** The default network's name in the database, and that of its link and its firewall table. */
const DEFAULT_NAMES = { network: "bridge", name: "md0", table: "mini-docker" };

/**
 * The driver of a bridge network. Constructing it does nothing; what a method needs is opened when it is called.
 *
 * @see openBridgeNetwork
 */
export class BridgeNetwork implements NetworkDriver {
  readonly kind = "bridge";
  readonly #database: Database;
  readonly #names: typeof DEFAULT_NAMES;
  #netlink: NetlinkConnection | undefined;
  #bridge: Bridge | undefined;
  /** What this process leased. */
  readonly #leased = new Map<string, Endpoint>();

  constructor(database: Database, names = DEFAULT_NAMES) {
    this.#database = database;
    this.#names = names;
  }

  /** Nothing that a user can ask for is refused. */
  validate(): void {}

  /**
   * Makes sure of the bridge, its firewall rules and forwarding: six short requests when all is there.
   *
   * @throws {UnsupportedError} when the kernel lacks bridges or nf_tables
   * @throws {UnavailableError} when no subnet is free
   */
  prepare(): readonly string[] {
    const { network, name, table } = this.#names;
    const found = findBridge(this.#route, this.#database, { network, name });
    const bridge = found ?? setUpBridge(this.#route, this.#database, { network, name });
    ensureFirewall({ table, bridge: name, subnet: bridge.subnet });
    const warning = enableForwarding();
    this.#bridge = bridge;
    return warning === undefined ? [] : [warning];
  }

  /** Always a new one. */
  namespace(): NamespaceChoice {
    return { kind: "new" };
  }

  /**
   * Leases an address of the bridge's subnet.
   *
   * Needs nothing but the database, except on a machine's very first start: then the subnet is chosen here. So a
   * start may lease first, and prepare while the container's process is being born.
   */
  lease(containerId: string): Endpoint {
    const { network } = this.#names;
    if (this.#subnet === undefined) this.prepare();
    const endpoint = this.#endpointAt(allocateLease(this.#database, network, containerId));
    this.#leased.set(containerId, endpoint);
    return endpoint;
  }

  endpoint(containerId: string): Endpoint | undefined {
    const known = this.#leased.get(containerId);
    if (known !== undefined) return known;
    const address = findLease(this.#database, this.#names.network, containerId);
    return address === undefined ? undefined : this.#endpointAt(address);
  }

  /**
   * Gives the container's namespace its link, address and route.
   *
   * @throws {ConflictError} when the namespace has an eth0 already
   * @throws {UnsupportedError} when the kernel lacks veth
   */
  attach(containerId: string, netnsFd: number): void {
    const endpoint = this.endpoint(containerId);
    assert(endpoint !== undefined, "a container is attached after its address was leased");
    const action = `connect container ${containerId.slice(0, 12)} to the network`;
    explainingRefusal({ action, modules: "veth" }, () => {
      const outerName = this.#createPair(containerId, endpoint, netnsFd);
      configureInside(netnsFd, endpoint);
      // The kernel connects the two ends later, in a work queue, and loses packets until then. Being asked for the
      // link makes it do so at once (Linux ≥ 6.8).
      findLink(this.#route, outerName);
    });
  }

  /** Releases the address. The links went with the namespace. */
  detach(containerId: string): void {
    this.#leased.delete(containerId);
    releaseLeases(this.#database, containerId);
  }

  /**
   * Deletes the links of containers that do not live, if any outlived its namespace's processes.
   *
   * @param liveIds the IDs of containers that run or are being started
   * @returns the names of the links that were deleted
   */
  collectGarbage(liveIds: Iterable<string>): string[] {
    const live = new Set([...liveIds].map((id) => id.slice(0, 10)));
    const dead = listLinks(this.#route).filter(({ name }) => {
      const owner = ownerOfLink(name);
      return owner !== undefined && !live.has(owner);
    });
    for (const { index, name } of dead) this.#route.execute([deleteLink(index, name)]);
    return dead.map(({ name }) => name);
  }

  /** Closes the netlink socket; what was set up stays. */
  [Symbol.dispose](): void {
    this.#netlink?.[Symbol.dispose]();
    this.#netlink = undefined;
  }

  get #route(): NetlinkConnection {
    this.#netlink ??= openNetlink("route");
    return this.#netlink;
  }

  get #subnet(): Subnet | undefined {
    return this.#bridge?.subnet ?? findSubnet(this.#database, this.#names.network);
  }

  #endpointAt(address: number): Endpoint {
    const subnet = this.#subnet;
    assert(subnet !== undefined, "a network with leases has a subnet");
    return { address, gateway: gatewayOf(subnet), prefixLength: subnet.prefixLength };
  }

  /** Creates the pair under the first name that is free, and returns it. */
  #createPair(containerId: string, endpoint: Endpoint, netnsFd: number): string {
    let attempt = 0;
    let isRepaired = false;
    if (this.#bridge === undefined) this.prepare();
    for (;;) {
      const name = hostLinkName(containerId, attempt);
      const { link } = this.#bridge as Bridge;
      const peer = { name: CONTAINER_LINK, mac: macOf(endpoint.address), netnsFd };
      const pair = createVethPair({ name, masterIndex: link.index, mtu: link.mtu, peer });
      try {
        this.#route.execute([pair, bringUpPort(name, { hasIpv6: hasIpv6() })]);
        return name;
      } catch (cause) {
        if (isNetlinkError(cause, "EEXIST") && attempt + 1 < LINK_NAMES_MAX) {
          // Either name may be the one in use; only the outer one has an alternative.
          if (hasLink(netnsFd, CONTAINER_LINK)) throw alreadyAttached(containerId, cause);
          attempt++;
        } else if (isNetlinkError(cause, "EINVAL", "ENODEV") && !isRepaired) {
          // Somebody deleted the bridge since it was looked at.
          this.prepare();
          isRepaired = true;
        } else throw cause;
      }
    }
  }
}

/** Opens the default bridge network, without touching the kernel yet. */
export function openBridgeNetwork(database: Database): BridgeNetwork {
  return new BridgeNetwork(database);
}

/** Address, default route and both links up, inside the container's namespace. */
function configureInside(netnsFd: number, endpoint: Endpoint): void {
  const { address, gateway, prefixLength } = endpoint;
  using inside = inNetworkNamespace(netnsFd, () => {
    disableIpv6(CONTAINER_LINK); // Before it is up: afterwards it would have spoken already.
    return openNetlink("route");
  });
  const linkIndex = findLink(inside, CONTAINER_LINK)?.index;
  assert(linkIndex !== undefined, "a link that was created exists");
  inside.execute([
    bringUp(LOOPBACK_INDEX, "lo"),
    addAddress({ linkIndex, address, prefixLength }),
    bringUp(linkIndex, CONTAINER_LINK),
    addDefaultRoute({ gateway, linkIndex }),
  ]);
}

function hasLink(netnsFd: number, name: string): boolean {
  using inside = openNetlink("route", netnsFd);
  return findLink(inside, name) !== undefined;
}

function alreadyAttached(containerId: string, cause: unknown): ConflictError {
  const id = containerId.slice(0, 12);
  return new ConflictError(`Cannot connect container ${id} to the network: it has a link ${CONTAINER_LINK}`, {
    cause,
  });
}
