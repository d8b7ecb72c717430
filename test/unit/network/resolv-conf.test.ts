import { expect, test } from "bun:test";
import {
  containerResolvConf,
  hostNetworkResolvConf,
  usesResolvedStub,
} from "../../../src/network/resolv-conf.ts";

const NONE = { dns: [], dnsSearch: [], dnsOptions: [] };

test("containerResolvConf() keeps the host's servers, search list and options", () => {
  const host =
    "# comment\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch a.test b.test\noptions ndots:2\n";

  expect(containerResolvConf(host, NONE)).toBe(
    "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch a.test b.test\noptions ndots:2\n",
  );
});

test("containerResolvConf() leaves out servers on loopback, IPv4 and IPv6", () => {
  const host = "nameserver 127.0.0.53\nnameserver 127.1.2.3\nnameserver ::1\nnameserver 192.0.2.1\n";

  expect(containerResolvConf(host, NONE)).toBe("nameserver 192.0.2.1\n");
});

test("containerResolvConf() falls back to public servers when none is left, and keeps the search list", () => {
  expect(containerResolvConf("nameserver 127.0.0.1\nsearch a.test\n", NONE)).toBe(
    "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch a.test\n",
  );
  expect(containerResolvConf("", NONE)).toBe("nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
});

test("containerResolvConf() prefers what the user gave, item by item", () => {
  const host = "nameserver 192.0.2.1\nsearch a.test\noptions ndots:2\n";

  expect(containerResolvConf(host, { ...NONE, dns: ["127.0.0.1"] })).toBe(
    "nameserver 127.0.0.1\nsearch a.test\noptions ndots:2\n",
  );
  expect(containerResolvConf(host, { ...NONE, dnsSearch: ["."] })).toBe(
    "nameserver 192.0.2.1\noptions ndots:2\n",
  );
  expect(containerResolvConf(host, { ...NONE, dnsOptions: ["timeout:1", "rotate"] })).toBe(
    "nameserver 192.0.2.1\nsearch a.test\noptions timeout:1 rotate\n",
  );
});

test("containerResolvConf() takes the last search or domain line, and ignores what follows ; or #", () => {
  const host = "domain a.test\nsearch b.test\nnameserver 192.0.2.1 # office\n;nameserver 192.0.2.9\n";

  expect(containerResolvConf(host, NONE)).toBe("nameserver 192.0.2.1\nsearch b.test\n");
});

test("hostNetworkResolvConf() gives the host's file byte for byte unless the user asked for something", () => {
  const host = "# mine\nnameserver 127.0.0.53\n";

  expect(hostNetworkResolvConf(host, NONE)).toBe(host);
  expect(hostNetworkResolvConf(host, { ...NONE, dnsSearch: ["x.test"] })).toBe(
    "nameserver 127.0.0.53\nsearch x.test\n",
  );
});

test("usesResolvedStub() is true only when every server is the stub", () => {
  expect(usesResolvedStub("nameserver 127.0.0.53\noptions edns0 trust-ad\n")).toBe(true);
  expect(usesResolvedStub("nameserver 127.0.0.53\nnameserver 192.0.2.1\n")).toBe(false);
  expect(usesResolvedStub("")).toBe(false);
});
