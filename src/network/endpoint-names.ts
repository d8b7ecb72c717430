/** Names and addresses that follow from a container's ID and its IPv4 address. Pure. */
import { ipv4Bytes } from "../lib/ipv4.ts";

/** The container's side of the pair. */
export const CONTAINER_LINK = "eth0";

/** How many names a container's link on the host can have, one after the other. */
export const LINK_NAMES_MAX = 27;

const HOST_LINK = /^md([0-9a-f]{10})[a-z]?$/;

/**
 * The name of the link on the host: `md` and ten digits of the ID.
 *
 * A restart may come while the kernel is still taking down the last run's link: then the next name is tried, which
 * has one letter more.
 *
 * @param attempt 0 for the first name, below {@link LINK_NAMES_MAX}
 */
export function hostLinkName(containerId: string, attempt = 0): string {
  const suffix = attempt === 0 ? "" : String.fromCharCode("a".charCodeAt(0) + attempt - 1);
  return `md${containerId.slice(0, 10)}${suffix}`;
}

/** The first ten digits of the ID of the container that a link on the host belongs to; undefined for other links. */
export function ownerOfLink(name: string): string | undefined {
  return HOST_LINK.exec(name)?.[1];
}

/**
 * The hardware address that goes with an IPv4 address: 02:42 and its four bytes, as docker's containers have it.
 *
 * Who remembers the address's last owner then already knows the next one's hardware address.
 */
export function macOf(address: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0x02, 0x42, ...ipv4Bytes(address));
}

/** `02:42:ac:1e:00:02`. */
export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
