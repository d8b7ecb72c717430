import { expect, test } from "bun:test";
import { hostsFile, parseExtraHost } from "../../../src/network/hosts-file.ts";

const BASE = {
  hostname: "web",
  domainname: "",
  address: "172.30.0.2",
  gateway: "172.30.0.1",
  extraHosts: [],
};

test("hostsFile() names loopback, then the extra hosts, then the container", () => {
  const text = hostsFile({ ...BASE, extraHosts: ["db:192.0.2.7", "host.docker.internal:host-gateway"] });

  expect(text).toBe(
    [
      "127.0.0.1\tlocalhost",
      "::1\tlocalhost ip6-localhost ip6-loopback",
      "fe00::\tip6-localnet",
      "ff00::\tip6-mcastprefix",
      "ff02::1\tip6-allnodes",
      "ff02::2\tip6-allrouters",
      "192.0.2.7\tdb",
      "172.30.0.1\thost.docker.internal",
      "172.30.0.2\tweb",
      "",
    ].join("\n"),
  );
});

test("hostsFile() gives the full name first when there is a domain, and no own line without an address", () => {
  expect(hostsFile({ ...BASE, domainname: "a.test" })).toEndWith("\n172.30.0.2\tweb.a.test web\n");
  expect(hostsFile({ ...BASE, address: undefined })).toEndWith("\nff02::2\tip6-allrouters\n");
});

test("hostsFile() refuses host-gateway where the host cannot be reached", () => {
  expect(() => hostsFile({ ...BASE, gateway: undefined, extraHosts: ["h:host-gateway"] })).toThrow(
    'Cannot add host "h:host-gateway": the host has no address on this network',
  );
});

test("parseExtraHost() takes colon or equals sign, and IPv6 with or without brackets", () => {
  expect(parseExtraHost("a:192.0.2.1")).toEqual({ name: "a", address: "192.0.2.1" });
  expect(parseExtraHost("a=2001:db8::1")).toEqual({ name: "a", address: "2001:db8::1" });
  expect(parseExtraHost("a:[2001:db8::1]")).toEqual({ name: "a", address: "2001:db8::1" });
  for (const bad of ["a", ":192.0.2.1", "a:", "a:b", "a b:192.0.2.1", "a:192.0.2.1\nroot:x"]) {
    expect(() => parseExtraHost(bad)).toThrow("Cannot add host");
  }
});
