import type { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { formatIpv4, parseSubnet, type Subnet } from "../../../src/lib/ipv4.ts";
import { openDatabase } from "../../../src/store/database.ts";
import {
  allocateLease,
  findLease,
  findSubnet,
  recordSubnet,
  releaseLeases,
  releaseLeasesExcept,
  replaceSubnet,
} from "../../../src/store/leases.ts";
import { tempDir } from "../../support/temp-dir.ts";

const subnet = (text: string) => parseSubnet(text) as Subnet;

function openWithContainers(path: string, ids: readonly string[], cidr = "10.9.0.0/29"): Database {
  const database = openDatabase(path);
  const sql = `INSERT INTO containers (id, name, image_id, phase, created_at, config)
    VALUES (?1, ?1, 'dir:/', 'created', '2024-01-01T00:00:00Z', '{}')`;
  for (const id of ids) database.query(sql).run(id);
  recordSubnet(database, "bridge", subnet(cidr));
  return database;
}

const lease = (database: Database, id: string) => formatIpv4(allocateLease(database, "bridge", id));

test("allocateLease() counts up from the address after the gateway's and never gives the broadcast address", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a", "b", "c", "d", "e", "f"]);

  const leased = ["a", "b", "c", "d", "e"].map((id) => lease(database, id));

  expect(leased).toEqual(["10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6"]);
  expect(() => lease(database, "f")).toThrow(
    'Cannot lease an address of network "bridge": all of 10.9.0.0/29 are in use',
  );
});

test("allocateLease() lets a released address rest until the others have been used", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a", "b", "c", "d", "e", "f"]);
  lease(database, "a");
  releaseLeases(database, "a");

  const leased = ["b", "c", "d", "e", "f"].map((id) => lease(database, id));

  expect(leased).toEqual(["10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6", "10.9.0.2"]);
});

test("allocateLease() finds the one free address, before or after where the search starts", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a", "b", "c", "d", "e", "f"]);
  for (const id of ["a", "b", "c", "d", "e"]) lease(database, id);

  for (const gone of ["d", "b", "e", "a"]) {
    const address = formatIpv4(findLease(database, "bridge", gone) ?? 0);
    releaseLeases(database, gone);
    expect(lease(database, "f")).toBe(address);
    releaseLeases(database, "f");
    database.query("INSERT INTO leases VALUES ('bridge', ?, ?)").run(
      address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0),
      gone,
    );
  }
});

test("allocateLease() returns the same address to a container that has one", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a"]);

  expect(lease(database, "a")).toBe(lease(database, "a"));
});

test("allocateLease() vanishes with the caller's transaction", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a"]);

  const attempt = database.transaction(() => {
    lease(database, "a");
    throw new Error("rolled back");
  });

  expect(() => attempt.immediate()).toThrow("rolled back");
  expect(findLease(database, "bridge", "a")).toBeUndefined();
});

test("allocateLease() takes well under a millisecond with thousands leased", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a", "b"], "10.9.0.0/16");
  const fill = database.query("INSERT INTO leases VALUES ('bridge', ?, 'a')");
  database.transaction(() => {
    for (let host = 2; host < 10_002; host++) fill.run(subnet("10.9.0.0/16").base + host);
    database.run("UPDATE networks SET next_address = next_address + 5000");
  })();

  const started = performance.now();
  const address = lease(database, "b");

  expect(address).toBe("10.9.39.18");
  expect(performance.now() - started).toBeLessThan(50);
});

test("releaseLeasesExcept() keeps the leases of the containers it is given", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a", "b", "c"]);
  for (const id of ["a", "b", "c"]) lease(database, id);

  expect(releaseLeasesExcept(database, ["b"])).toBe(2);
  expect(findLease(database, "bridge", "a")).toBeUndefined();
  expect(findLease(database, "bridge", "b")).toBeDefined();
});

test("recordSubnet() returns what whoever came first recorded", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, []);

  expect(recordSubnet(database, "bridge", subnet("10.8.0.0/16"))).toEqual(subnet("10.9.0.0/29"));
});

test("replaceSubnet() refuses while a container has an address", () => {
  using dir = tempDir("leases");
  const database = openWithContainers(dir.path, ["a"]);
  lease(database, "a");
  const change = { from: subnet("10.9.0.0/29"), to: subnet("10.8.0.0/16") };

  expect(replaceSubnet(database, "bridge", change)).toBe(false);
  releaseLeases(database, "a");
  expect(replaceSubnet(database, "bridge", change)).toBe(true);
  expect(replaceSubnet(database, "bridge", change)).toBe(false);
  expect(findSubnet(database, "bridge")).toEqual(subnet("10.8.0.0/16"));
  expect(lease(database, "a")).toBe("10.8.0.2");
});

test("twenty processes that lease at once get twenty addresses", async () => {
  using dir = tempDir("leases");
  const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
  openWithContainers(dir.path, ids, "10.9.0.0/24").close();
  const fixture = join(import.meta.dir, "lease.fixture.ts");

  const children = ids.map((id) =>
    Bun.spawn([process.execPath, fixture, dir.path, id], { stdout: "pipe", stderr: "inherit" }),
  );
  const leased = await Promise.all(children.map((child) => child.stdout.text()));

  expect(new Set(leased).size).toBe(20);
  expect(leased.every((text) => /^10\.9\.0\.\d+$/.test(text))).toBe(true);
});
