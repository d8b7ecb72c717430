import { describe, expect, test } from "bun:test";
import { encodeRequests } from "../../../../src/kernel/netlink/message.ts";
import { addAddress } from "../../../../src/kernel/netlink/route/address.ts";
import {
  createBridge,
  createVethPair,
  linkName,
  loopbackUpRequest,
} from "../../../../src/kernel/netlink/route/link.ts";
import { addDefaultRoute, egressLinkIndex, type Route } from "../../../../src/kernel/netlink/route/route.ts";

const hex = (...requests: Parameters<typeof encodeRequests>[0][number][]) =>
  encodeRequests(requests, 1).toHex();

describe("requests as bytes, which iproute2's own show the same attributes for", () => {
  test("loopbackUpRequest() is ip link set lo up", () => {
    expect(loopbackUpRequest().toHex()).toBe(
      "20000000100005000100000000000000" + "00000000010000000100000001000000",
    );
  });

  test("createBridge() is ip link add md0 address … mtu 1400 type bridge", () => {
    expect(hex(createBridge("md0", { mtu: 1400, mac: Uint8Array.of(2, 0x42, 172, 30, 0, 1) }))).toBe(
      [
        "4c000000100005060100000000000000", // RTM_NEWLINK, REQUEST|ACK|EXCL|CREATE
        "00000000000000000000000000000000", // ifinfomsg
        "080003006d643000", // IFLA_IFNAME "md0"
        "0800040078050000", // IFLA_MTU 1400
        "0a0001000242ac1e00010000", // IFLA_ADDRESS
        "100012800b00010062726964676500" + "00", // IFLA_LINKINFO { KIND "bridge" }
        "",
      ].join(""),
    );
  });

  test("addAddress() is ip address add 172.30.0.2/16 broadcast + dev", () => {
    expect(hex(addAddress({ linkIndex: 2, address: 0xac1e0002, prefixLength: 16 }))).toBe(
      [
        "30000000140005060100000000000000", // RTM_NEWADDR
        "0210000002000000", // ifaddrmsg: AF_INET, /16, index 2
        "08000200ac1e0002", // IFA_LOCAL
        "08000100ac1e0002", // IFA_ADDRESS
        "08000400ac1effff", // IFA_BROADCAST
      ].join(""),
    );
  });

  test("addDefaultRoute() is ip route add default via 172.30.0.1 dev", () => {
    expect(hex(addDefaultRoute({ gateway: 0xac1e0001, linkIndex: 2 }))).toBe(
      [
        "2c000000180005060100000000000000", // RTM_NEWROUTE
        "02000000fe03000100000000", // rtmsg: AF_INET, main table, RTPROT_BOOT, RTN_UNICAST
        "08000500ac1e0001", // RTA_GATEWAY
        "0800040002000000", // RTA_OIF
      ].join(""),
    );
  });

  test("createVethPair() puts the far end's link message, name and namespace inside VETH_INFO_PEER", () => {
    const mac = Uint8Array.of(2, 0x42, 172, 30, 0, 2);
    const peer = { name: "eth0", mac, netnsFd: 9 };

    const bytes = hex(createVethPair({ name: "md0123456789", masterIndex: 3, mtu: 1400, peer }));

    expect(bytes).toContain("08000a0003000000"); // IFLA_MASTER 3
    expect(bytes).toContain(
      [
        "00000000000000000000000000000000", // ifinfomsg: down
        "0900030065746830000000000800040078050000", // IFLA_IFNAME "eth0", IFLA_MTU
        "0a0001000242ac1e0002000008001c0009000000", // IFLA_ADDRESS, IFLA_NET_NS_FD 9
      ].join(""),
    );
  });
});

test("linkName() refuses what the kernel would cut, refuse or number by itself", () => {
  expect(linkName("a".repeat(15)).length).toBe(20);
  for (const bad of ["", "a".repeat(16), "é".repeat(8), ".", "..", "a/b", "a b", "a:b", "veth%d", "a\0b"]) {
    expect(() => linkName(bad)).toThrow(RangeError);
  }
});

test("egressLinkIndex() is the link of the main table's default route that wins", () => {
  const route = (
    prefixLength: number,
    table: number,
    linkIndex: number | undefined,
    priority = 0,
  ): Route => ({
    destination: { base: 0, prefixLength },
    table,
    linkIndex,
    priority,
  });

  expect(
    egressLinkIndex([route(24, 254, 1), route(0, 254, 2, 600), route(0, 254, 3, 100), route(0, 52, 4)]),
  ).toBe(3);
  expect(egressLinkIndex([route(24, 254, 1), route(0, 254, undefined)])).toBeUndefined();
});
