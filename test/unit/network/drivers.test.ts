import { expect, test } from "bun:test";
import { NotFoundError } from "../../../src/errors.ts";
import {
  formatMac,
  hostLinkName,
  LINK_NAMES_MAX,
  macOf,
  ownerOfLink,
} from "../../../src/network/endpoint-names.ts";
import { openNetwork } from "../../../src/network/open-network.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ID = "0123456789abcdef".repeat(4);
const NOTHING_ASKED = { dns: [], dnsSearch: [], dnsOptions: [], extraHosts: [] };

function context(path: string) {
  const initPid = (id: string) => {
    if (id === ID) return 4711;
    throw new NotFoundError(`Cannot find container ${id}`);
  };
  return { database: openDatabase(path), containers: { initPid } };
}

test("none and host do nothing, lease nothing, and choose a new namespace and the host's", async () => {
  using dir = tempDir("network");
  for (const [mode, kind] of [
    ["none", "new"],
    ["host", "host"],
  ] as const) {
    using driver = await openNetwork(mode, context(dir.path));

    driver.validate(NOTHING_ASKED);
    driver.attach(ID, -1);
    driver.detach(ID);
    expect(driver.kind).toBe(mode);
    expect(driver.prepare()).toEqual([]);
    expect(driver.namespace()).toEqual({ kind });
    expect(driver.lease(ID)).toBeUndefined();
    expect(driver.endpoint(ID)).toBeUndefined();
  }
});

test("container:ID joins the namespace of that container's init and lets names be its owner's", async () => {
  using dir = tempDir("network");
  using driver = await openNetwork(`container:${ID}`, context(dir.path));

  driver.validate(NOTHING_ASKED);
  expect(driver.namespace()).toEqual({ kind: "join", pid: 4711 });
  expect(() => driver.validate({ ...NOTHING_ASKED, hostname: "a", dns: ["192.0.2.1"] })).toThrow(
    "Cannot use --hostname, --dns with --network container:ID",
  );
});

test("openNetwork() refuses a mode it does not know", async () => {
  using dir = tempDir("network");

  expect(openNetwork("front", context(dir.path))).rejects.toThrow('Cannot use network "front"');
});

test("a host link's name fits the kernel's 15 bytes under every attempt, and leads back to its container", () => {
  for (let attempt = 0; attempt < LINK_NAMES_MAX; attempt++) {
    const name = hostLinkName(ID, attempt);
    expect(name.length).toBeLessThanOrEqual(15);
    expect(ownerOfLink(name)).toBe("0123456789");
  }
  for (const other of ["md0", "md0123456789ab", "eth0", "md01234567", "xmd0123456789"]) {
    expect(ownerOfLink(other)).toBeUndefined();
  }
});

test("macOf() is 02:42 and the address", () => {
  expect(formatMac(macOf(0xac1e0002))).toBe("02:42:ac:1e:00:02");
});
