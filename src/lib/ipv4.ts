/** IPv4 addresses as unsigned 32-bit numbers, and subnets of them. */

/** A subnet: its lowest address and how many leading bits its addresses share. */
export interface Subnet {
  readonly base: number;
  /** 0 to 32. */
  readonly prefixLength: number;
}

/** Parses `172.30.0.2`. Undefined for anything else: no short forms, no leading zeros, no octal. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let address = 0;
  for (const digits of match.slice(1)) {
    const octet = Number(digits);
    if (octet > 255 || String(octet) !== digits) return undefined;
    address = address * 256 + octet;
  }
  return address;
}

/** `172.30.0.2` of a number. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** Parses `172.30.0.0/16`. Undefined for anything else, also when bits are set below the prefix. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf("/");
  const base = parseIpv4(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  const prefixLength = Number(digits);
  if (slash === -1 || base === undefined || !/^\d{1,2}$/.test(digits) || prefixLength > 32) return undefined;
  return subnetOf(base, prefixLength).base === base ? { base, prefixLength } : undefined;
}

/** `172.30.0.0/16` of a subnet. */
export function formatSubnet({ base, prefixLength }: Subnet): string {
  return `${formatIpv4(base)}/${prefixLength}`;
}

/** The subnet of that size that an address is in. */
export function subnetOf(address: number, prefixLength: number): Subnet {
  return { base: (address & netmask(prefixLength)) >>> 0, prefixLength };
}

/** The subnet's highest address, which is its broadcast address. */
export function lastAddress({ base, prefixLength }: Subnet): number {
  return (base | ~netmask(prefixLength)) >>> 0;
}

/** Whether two subnets share an address: one of them then contains the other. */
export function overlaps(one: Subnet, other: Subnet): boolean {
  const shorter = Math.min(one.prefixLength, other.prefixLength);
  return subnetOf(one.base, shorter).base === subnetOf(other.base, shorter).base;
}

/** The four bytes of an address, in network order. */
export function ipv4Bytes(address: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);
}

/** The number whose leading `prefixLength` bits are ones. */
export function netmask(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0;
}
