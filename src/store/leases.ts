/**
 * Which container has which address on which network.
 *
 * The table's primary key decides races: two commands cannot record one address. A lease ends with its container's
 * row at the latest.
 */
import type { Database } from "bun:sqlite";
import { UnavailableError } from "../errors.ts";
import { assert } from "../lib/assert.ts";
import { formatSubnet, lastAddress, parseSubnet, type Subnet } from "../lib/ipv4.ts";

/** The subnet that a network was given; undefined for a network that never was set up. */
export function findSubnet(database: Database, network: string): Subnet | undefined {
  const sql = "SELECT subnet FROM networks WHERE name = ?";
  const row = database.query<{ subnet: string }, [string]>(sql).get(network);
  return row === null ? undefined : parseSubnet(row.subnet);
}

/**
 * Records a network's subnet, unless it has one.
 *
 * @returns the recorded subnet: that of whoever came first
 */
export function recordSubnet(database: Database, network: string, subnet: Subnet): Subnet {
  const sql = `INSERT INTO networks (name, subnet, first_address, last_address, next_address)
    VALUES (?1, ?2, ?3, ?4, ?3) ON CONFLICT DO NOTHING`;
  database.query(sql).run(network, formatSubnet(subnet), firstAddress(subnet), lastAddress(subnet) - 1);
  const recorded = findSubnet(database, network);
  assert(recorded !== undefined, `network ${network} is recorded`);
  return recorded;
}

/**
 * Gives a network another subnet, provided that it has the one expected and no container has an address of it.
 *
 * @returns whether it was so
 */
export function replaceSubnet(
  database: Database,
  network: string,
  change: { from: Subnet; to: Subnet },
): boolean {
  const sql = `UPDATE networks SET subnet = ?3, first_address = ?4, last_address = ?5, next_address = ?4
    WHERE name = ?1 AND subnet = ?2 AND NOT EXISTS (SELECT 1 FROM leases WHERE network = name)`;
  const { from, to } = change;
  const [first, last] = [firstAddress(to), lastAddress(to) - 1];
  return database.query(sql).run(network, formatSubnet(from), formatSubnet(to), first, last).changes === 1;
}

/**
 * Leases an address of the network's subnet to a container, or returns the one it has.
 *
 * The search goes upward from the address leased last and wraps around, so that one just released rests for as
 * long as possible: others may still send to it. The first, the gateway's, and the last are never leased. Joins the
 * caller's transaction when there is one, so that the lease and the container's row appear together.
 *
 * @param containerId the ID of a row in `containers`, in this transaction or before
 * @throws {UnavailableError} when every address is leased
 */
export function allocateLease(database: Database, network: string, containerId: string): number {
  if (database.inTransaction) return allocate(database, network, containerId);
  return database.transaction(() => allocate(database, network, containerId)).immediate();
}

/** The address that a container has on a network; undefined without one. */
export function findLease(database: Database, network: string, containerId: string): number | undefined {
  const sql = "SELECT address FROM leases WHERE container_id = ? AND network = ?";
  return database.query<{ address: number }, [string, string]>(sql).get(containerId, network)?.address;
}

/** Ends all leases of a container. That it has none is fine. */
export function releaseLeases(database: Database, containerId: string): void {
  database.query("DELETE FROM leases WHERE container_id = ?").run(containerId);
}

/**
 * Ends the leases of all containers but these.
 *
 * @returns how many there were
 */
export function releaseLeasesExcept(database: Database, containerIds: Iterable<string>): number {
  const sql = "DELETE FROM leases WHERE container_id NOT IN (SELECT value FROM json_each(?))";
  return database.query(sql).run(JSON.stringify([...containerIds])).changes;
}

function allocate(database: Database, network: string, containerId: string): number {
  // Two statements where nothing is in the way, since every start pays for them. The write comes first: it takes the
  // lock, and what is read after it cannot change.
  const claim = `INSERT INTO leases (network, address, container_id)
    SELECT name, next_address, ?2 FROM networks
    WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM leases WHERE container_id = ?2 AND network = ?1)
    ON CONFLICT DO NOTHING RETURNING address`;
  const claimed = database.query<{ address: number }, [string, string]>(claim).get(network, containerId);
  const address = claimed?.address ?? search(database, network, containerId);
  const advance = `UPDATE networks
    SET next_address = CASE ?2 WHEN last_address THEN first_address ELSE ?2 + 1 END WHERE name = ?1`;
  database.query(advance).run(network, address);
  return address;
}

/** The address that the container has, or the next free one beyond those where the search starts. */
function search(database: Database, network: string, containerId: string): number {
  const existing = findLease(database, network, containerId);
  if (existing !== undefined) return existing;
  const sql =
    "SELECT subnet, first_address AS first, last_address AS last, next_address AS next FROM networks";
  const row = database
    .query<{ subnet: string; first: number; last: number; next: number }, [string]>(`${sql} WHERE name = ?`)
    .get(network);
  assert(row !== null, `network ${network} has a subnet before an address is leased`);
  const address =
    freeAddress(database, network, row.next, row.last) ??
    freeAddress(database, network, row.first, row.next - 1);
  if (address === undefined) throw exhausted(network, row.subnet);
  const insert = "INSERT INTO leases (network, address, container_id) VALUES (?, ?, ?)";
  database.query(insert).run(network, address, containerId);
  return address;
}

/** The lowest address in a range, ends included, that is not leased. */
function freeAddress(database: Database, network: string, from: number, to: number): number | undefined {
  if (from > to) return undefined;
  const taken = database.query("SELECT 1 FROM leases WHERE network = ? AND address = ?");
  if (taken.get(network, from) === null) return from;
  // The end of the run of leases that begins at `from`: the index is walked, no row is read.
  const endOfRun = database.query<{ address: number }, [string, number, number]>(
    `SELECT address + 1 AS address FROM leases AS lease
     WHERE network = ?1 AND address >= ?2 AND address < ?3
       AND NOT EXISTS (SELECT 1 FROM leases WHERE network = ?1 AND address = lease.address + 1)
     ORDER BY address LIMIT 1`,
  );
  return endOfRun.get(network, from, to)?.address;
}

function firstAddress(subnet: Subnet): number {
  return subnet.base + 2;
}

function exhausted(network: string, subnet: string): UnavailableError {
  return new UnavailableError(
    `Cannot lease an address of network "${network}": all of ${subnet} are in use`,
    { hint: "Stop or remove containers that are not needed" },
  );
}
