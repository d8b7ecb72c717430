/** Scenarios of the bridge network: `bridge.fixture.ts SCENARIO ROOT`, in a sandbox. */
import { writeSync } from "node:fs";
import type { OwnedFd } from "../../../ffi/fd.ts";
import { AF_NETLINK } from "../../../ffi/structs/netlink.ts";
import { SOCK_RAW, send, socket } from "../../../ffi/sys/socket.ts";
import { loopbackUpRequest } from "../../../src/kernel/netlink/route/link.ts";
import { inNetworkNamespace } from "../../../src/kernel/netns.ts";
import { formatIpv4 } from "../../../src/lib/ipv4.ts";
import { openBridgeNetwork } from "../../../src/network/bridge.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { addUplink, containerId, newNamespace, pings, recordContainers, sh } from "./fake-container.ts";

const [scenario = "", root = "", argument = ""] = process.argv.slice(2);
const database = openDatabase(root);
recordContainers(database, 16);
const network = openBridgeNetwork(database);

/** Starts the network of a fake container, as a run does. */
function start(number: number) {
  const namespace = newNamespace();
  const warnings = network.prepare();
  const { address, gateway } = network.lease(containerId(number));
  network.attach(containerId(number), namespace.fd);
  return { namespace, warnings, address: formatIpv4(address), gateway: formatIpv4(gateway) };
}

const failureOf = (act: () => unknown): string => {
  try {
    act();
    return "no failure";
  } catch (cause) {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  }
};

const links = () => [...sh("ip -o link show").matchAll(/^\d+: ([^@:]+)/gm)].map((match) => match[1] ?? "");
const ruleset = () => sh("nft list ruleset");

const scenarios: Record<string, () => unknown> = {
  traffic() {
    const far = addUplink();
    sh(
      `nft add table ip seen; nft add chain ip seen in '{ type filter hook input priority 0; }'
       nft add rule ip seen in icmp type echo-request ip saddr 192.0.2.1 counter
       nft add rule ip seen in ip saddr 172.16.0.0/12 counter`,
      far,
    );
    const one = start(0);
    const toGateway = pings(one.gateway, one.namespace);
    const two = start(1);
    const firstPacket = pings(one.address, two.namespace);
    const outward = pings("192.0.2.2", one.namespace);
    const seen = [...sh("nft list table ip seen", far).matchAll(/counter packets (\d+)/g)].map(
      (match) => match[1],
    );
    sh(`ip route add 172.16.0.0/12 via 192.0.2.1`, far);
    const unasked = pings(one.address, far);
    const inside = sh(
      "ip -o address show eth0; ip route; ip -o link show eth0; ip -br link show lo",
      one.namespace,
    );
    const onHost = sh(
      "ip -o -6 address show; ip -o link show md0; cat /proc/sys/net/ipv4/ip_forward; bridge -d link | grep -c 'hairpin on'",
    );
    return {
      toGateway,
      firstPacket,
      outward,
      seen,
      unasked,
      inside,
      onHost,
      addresses: [one.address, two.address],
    };
  },
  rules() {
    start(0);
    return ruleset();
  },
  flush() {
    start(0);
    const before = ruleset();
    const results = [
      "nft flush ruleset",
      "nft flush chain ip mini-docker forward",
      "nft add rule ip mini-docker forward drop",
    ].map((damage) => {
      sh(damage);
      const damaged = ruleset() !== before;
      start(1);
      network.detach(containerId(1));
      return { damaged, repaired: ruleset() === before };
    });
    return results;
  },
  lostBridge() {
    start(0);
    const namespace = newNamespace();
    network.prepare();
    network.lease(containerId(1));
    sh("ip link delete md0");
    network.attach(containerId(1), namespace.fd);
    return pings("172.30.0.1", namespace);
  },
  takenName() {
    network.prepare();
    sh("ip link add md0000000000 type veth peer name other");
    const { namespace, gateway } = start(0);
    return { links: links(), works: pings(gateway, namespace) };
  },
  takenIndex() {
    network.prepare();
    const namespace = newNamespace();
    sh("ip link add tunnel index 2 type bridge", namespace);
    network.lease(containerId(0));
    network.attach(containerId(0), namespace.fd);
    return pings("172.30.0.1", namespace);
  },
  twice() {
    const { namespace } = start(0);
    return failureOf(() => network.attach(containerId(0), namespace.fd));
  },
  async end() {
    const { namespace } = start(0);
    const during = links();
    namespace.close();
    network.detach(containerId(0));
    for (let tries = 0; tries < 200 && links().some((name) => name.startsWith("md0000")); tries++)
      await Bun.sleep(20);
    return { during, after: links(), lease: network.endpoint(containerId(0)) ?? null };
  },
  restart() {
    const first = start(0);
    first.namespace.close();
    network.detach(containerId(0));
    const { namespace, gateway } = start(0);
    return pings(gateway, namespace);
  },
  garbage() {
    const kept = start(0);
    start(1);
    const deleted = network.collectGarbage([containerId(0)]);
    return { deleted, links: links(), works: pings(kept.gateway, kept.namespace) };
  },
  usedSubnet() {
    addUplink();
    sh("ip route add 172.30.7.0/24 via 192.0.2.2");
    return start(0).address;
  },
  movedSubnet() {
    const before = start(0).address;
    network.detach(containerId(0));
    sh("ip link delete md0");
    addUplink();
    sh("ip route add 172.30.7.0/24 via 192.0.2.2");
    const { address, gateway, namespace } = start(0);
    return { before, address, works: pings(gateway, namespace), rules: ruleset() };
  },
  adoptedSubnet() {
    sh("ip link add md0 type bridge; ip address add 10.99.0.1/24 dev md0; ip link set md0 up");
    return start(0).address;
  },
  noBridge() {
    sh("ip link add md0 type veth peer name other");
    return failureOf(() => network.prepare());
  },
  readOnlySysctl() {
    sh("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys");
    return network.prepare();
  },
  loopback() {
    const namespace = newNamespace();
    const netlink: OwnedFd = inNetworkNamespace(namespace.fd, () =>
      socket({ family: AF_NETLINK, type: SOCK_RAW, protocol: 0 }),
    );
    send(netlink.fd, loopbackUpRequest());
    return pings("127.0.0.1", namespace);
  },
  async race() {
    const words = (number: number) => [process.execPath, import.meta.path, "racer", root, String(number)];
    const children = Array.from({ length: 12 }, (_, number) =>
      Bun.spawn(words(number), { stdin: "pipe", stdout: "pipe", stderr: "inherit" }),
    );
    const lines = await Promise.all(children.map((child) => child.stdout.text()));
    return {
      racers: lines.map((line) => JSON.parse(line)),
      rules: ruleset(),
      bridges: links().filter((name) => name === "md0").length,
    };
  },
  racer() {
    const { address, gateway, namespace } = start(Number(argument));
    return { address, gateway, works: pings(gateway, namespace) };
  },
};

const result = await scenarios[scenario]?.();
writeSync(1, `${JSON.stringify(result)}\n`);
process.exit(0);
