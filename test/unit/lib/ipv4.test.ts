import { expect, test } from "bun:test";
import {
  formatIpv4,
  formatSubnet,
  ipv4Bytes,
  lastAddress,
  netmask,
  overlaps,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
} from "../../../src/lib/ipv4.ts";

test("parseIpv4() and formatIpv4() are inverse, also above 2^31", () => {
  for (const text of ["0.0.0.0", "10.0.0.1", "172.30.0.2", "192.168.255.254", "255.255.255.255"]) {
    expect(formatIpv4(parseIpv4(text) ?? -1)).toBe(text);
  }
});

test("parseIpv4() refuses what only looks like an address", () => {
  for (const text of [
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "::1",
    "0x1.2.3.4",
  ]) {
    expect(parseIpv4(text)).toBeUndefined();
  }
});

test("parseSubnet() refuses bits below the prefix and impossible lengths", () => {
  expect(formatSubnet(parseSubnet("172.30.0.0/16") as Subnet)).toBe("172.30.0.0/16");
  for (const text of ["172.30.0.1/16", "172.30.0.0", "172.30.0.0/33", "172.30.0.0/", "172.30.0.0/1x"]) {
    expect(parseSubnet(text)).toBeUndefined();
  }
});

test("a subnet's ends, mask and bytes", () => {
  const subnet = subnetOf(parseIpv4("192.168.77.9") ?? 0, 20);

  expect(formatSubnet(subnet)).toBe("192.168.64.0/20");
  expect(formatIpv4(lastAddress(subnet))).toBe("192.168.79.255");
  expect(formatIpv4(netmask(20))).toBe("255.255.240.0");
  expect([netmask(0), netmask(32)]).toEqual([0, 0xffff_ffff]);
  expect([...ipv4Bytes(0xac1e0002)]).toEqual([172, 30, 0, 2]);
});

test("overlaps() is true when one contains the other", () => {
  const of = (text: string) => parseSubnet(text) as Subnet;

  expect(overlaps(of("0.0.0.0/0"), of("255.0.0.0/8"))).toBe(true);
  expect(overlaps(of("172.30.9.0/24"), of("172.30.0.0/16"))).toBe(true);
  expect(overlaps(of("172.30.0.0/16"), of("172.31.0.0/16"))).toBe(false);
});
