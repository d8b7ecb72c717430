import { expect, test } from "bun:test";
import { formatSubnet, parseSubnet, type Subnet } from "../../../src/lib/ipv4.ts";
import { chooseSubnet, isInUse } from "../../../src/network/subnet-pool.ts";

const subnets = (...texts: string[]) => texts.map((text) => parseSubnet(text) as Subnet);
const choose = (...inUse: string[]) => {
  const chosen = chooseSubnet(subnets(...inUse));
  return chosen === undefined ? undefined : formatSubnet(chosen);
};

test("chooseSubnet() takes the pool's first on a machine that uses none of it", () => {
  expect(choose()).toBe("172.30.0.0/16");
  expect(choose("0.0.0.0/0", "192.0.2.0/24")).toBe("172.30.0.0/16");
});

test("chooseSubnet() keeps away from larger and smaller subnets that are in use", () => {
  expect(choose("172.30.5.0/24")).toBe("172.31.0.0/16");
  expect(choose("172.30.0.0/15")).toBe("172.29.0.0/16");
  expect(choose("172.16.0.0/12")).toBe("10.223.0.0/16");
  expect(choose("172.16.0.0/12", "10.0.0.0/8")).toBe("192.168.247.0/24");
  expect(choose("172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16")).toBeUndefined();
});

test("chooseSubnet() takes the two halves of a VPN's catch-all for a default route", () => {
  expect(choose("0.0.0.0/1", "128.0.0.0/1")).toBe("172.30.0.0/16");
});

test("isInUse() finds an overlap in either direction", () => {
  const [wide, narrow, other] = subnets("10.0.0.0/8", "10.1.2.0/24", "10.1.3.0/24") as [
    Subnet,
    Subnet,
    Subnet,
  ];

  expect(isInUse(narrow, [wide])).toBe(true);
  expect(isInUse(wide, [narrow])).toBe(true);
  expect(isInUse(narrow, [other])).toBe(false);
});
