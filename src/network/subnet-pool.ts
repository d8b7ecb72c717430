/** The choice of a subnet that nothing on this machine uses. Pure. */
import { overlaps, parseIpv4, type Subnet, subnetOf } from "../lib/ipv4.ts";

/** Where subnets are taken from, in this order: private ranges that home routers and VPNs seldom use come first. */
const POOL: readonly Subnet[] = [
  ...[30, 31, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20].map((second) => pooled(`172.${second}.0.0`, 16)),
  ...Array.from({ length: 32 }, (_, index) => pooled(`10.${223 - index}.0.0`, 16)),
  ...Array.from({ length: 32 }, (_, index) => pooled(`192.168.${247 - index}.0`, 24)),
];

/**
 * VPNs that take all traffic route it as two halves of the address space, which are no more in the way than a
 * default route is.
 */
const LONGEST_CATCH_ALL_PREFIX = 1;

/** The first subnet of the pool that overlaps none of those in use; undefined when all do. */
export function chooseSubnet(inUse: readonly Subnet[]): Subnet | undefined {
  return POOL.find((candidate) => !isInUse(candidate, inUse));
}

/** Whether a subnet overlaps one that the machine has a use for. */
export function isInUse(subnet: Subnet, inUse: readonly Subnet[]): boolean {
  return inUse.some((used) => used.prefixLength > LONGEST_CATCH_ALL_PREFIX && overlaps(used, subnet));
}

function pooled(base: string, prefixLength: number): Subnet {
  return subnetOf(parseIpv4(base) ?? 0, prefixLength);
}
