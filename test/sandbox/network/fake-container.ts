/** What fixtures need: network namespaces to play container, commands in them, a database with container rows. */
import { openSync } from "node:fs";
import type { Database } from "bun:sqlite";
import { OwnedFd } from "../../../ffi/fd.ts";
import { unshareNetworkNamespace } from "../../../ffi/sys/netns.ts";
import { inNetworkNamespace, openNetworkNamespace } from "../../../src/kernel/netns.ts";

/** A new network namespace that lives as long as its descriptor. */
export function newNamespace(): OwnedFd {
  using home = openNetworkNamespace("self");
  return inNetworkNamespace(home.fd, () => {
    unshareNetworkNamespace();
    return new OwnedFd(openSync("/proc/thread-self/ns/net", "r"));
  });
}

/** Runs a shell script in a namespace (or in the fixture's own) and returns its stdout; throws when it fails. */
export function sh(script: string, namespace?: OwnedFd): string {
  const run = () => Bun.spawnSync(["sh", "-ec", script], { stdout: "pipe", stderr: "pipe" });
  const { exitCode, stdout, stderr } =
    namespace === undefined ? run() : inNetworkNamespace(namespace.fd, run);
  if (exitCode !== 0) throw new Error(`${script}: ${exitCode}: ${stderr}${stdout}`);
  return stdout.toString();
}

/** Whether one ping is answered within a second. */
export function pings(address: string, namespace?: OwnedFd): boolean {
  return sh(`ping -c 1 -W 1 ${address} > /dev/null && echo yes || echo no`, namespace).trim() === "yes";
}

/** The ID of the `number`th fake container. */
export function containerId(number: number): string {
  return number.toString(16).padStart(10, "0") + "ab".repeat(27);
}

/** Records fake containers, so that leases can refer to them. */
export function recordContainers(database: Database, count: number): void {
  const insert =
    database.query(`INSERT OR IGNORE INTO containers (id, name, image_id, phase, created_at, config)
    VALUES (?1, ?1, 'dir:/', 'created', '2024-01-01T00:00:00Z', '{}')`);
  for (let number = 0; number < count; number++) insert.run(containerId(number));
}

/**
 * Gives the sandbox a way out, as a machine has one: `up0`, 192.0.2.1/24, MTU 1400, default route by 192.0.2.2.
 *
 * @returns the namespace of the far side, which has no route to any container
 */
export function addUplink(): OwnedFd {
  const far = newNamespace();
  sh("ip link add up0 mtu 1400 type veth peer name far0 mtu 1400 && ip link set lo up");
  const holder = inNetworkNamespace(far.fd, () => Bun.spawn(["cat"], { stdin: "pipe" }));
  sh(`ip link set far0 netns ${holder.pid}; ip address add 192.0.2.1/24 dev up0; ip link set up0 up`);
  sh("ip address add 192.0.2.2/24 dev far0; ip link set far0 up; ip link set lo up", far);
  sh("ip route add default via 192.0.2.2");
  holder.kill();
  return far;
}
