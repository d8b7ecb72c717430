/** The default bridge, from inside a container and across it. */
import { expect } from "bun:test";
import { engineTest, openTestEngine, type TestEngine } from "../support/engine.ts";

/** A neighbour of the "machine": a second namespace behind a link, where a packet's source address can be seen. */
function addUplink(engine: TestEngine): void {
  engine.sh(`
    ip link add up0 type veth peer name far0
    unshare --net sh -c 'echo $$ > /dev/fd/1; exec sleep 1000' \\
      > ${engine.runRoot}.far 2> /dev/null < /dev/null &
    while [ ! -s ${engine.runRoot}.far ]; do sleep 0.02; done
    far=$(cat ${engine.runRoot}.far)
    ip link set far0 netns $far
    ip address add 192.0.2.1/24 dev up0
    ip link set up0 mtu 1400 up
    ip route add default via 192.0.2.2
    nsenter -t $far --net sh -c 'ip address add 192.0.2.2/24 dev far0; ip link set far0 mtu 1400 up; ip link set lo up'
  `);
}

function removeUplink(engine: TestEngine): void {
  engine.sh(`kill $(cat ${engine.runRoot}.far); rm ${engine.runRoot}.far`);
}

engineTest("containers on the bridge have addresses of one network and reach each other", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  const address = (name: string) => engine.ok("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name);

  await engine.ok("run", "-d", "--name", "first", "busybox:test", "sleep", "1000");
  await engine.ok("run", "-d", "--name", "second", "busybox:test", "sleep", "1000");
  const [a, b] = [await address("first"), await address("second")];

  expect(a).not.toBe(b);
  expect(await engine.ok("exec", "first", "ping", "-c", "1", "-W", "5", b)).toContain("1 packets received");
  expect(await engine.ok("exec", "first", "ip", "-o", "link", "show", "eth0")).toContain("eth0");
  expect(await engine.ok("exec", "first", "sh", "-c", "cat /etc/hosts")).toContain(a);
  expect(engine.sh("ip -o link show md0")).toContain("UP");
});

engineTest(
  "what leaves for the world carries the machine's address, and the bridge has the uplink's MTU",
  async () => {
    await using engine = await openTestEngine();
    addUplink(engine);
    try {
      await engine.loadBusybox();
      const script = "ping -c 1 -W 5 192.0.2.2; cat /sys/class/net/eth0/mtu";
      const { stdout } = await engine.run("run", "--rm", "busybox:test", "sh", "-c", script);

      // The far side has no route to the bridge: without masquerade its answer would go nowhere.
      expect(stdout).toContain("1 packets received");
      expect(stdout).toEndWith("\n1400\n");
    } finally {
      removeUplink(engine);
    }
  },
);

engineTest(
  "--network none has a loopback alone, host has the caller's links, container: those of another",
  async () => {
    await using engine = await openTestEngine();
    await engine.loadBusybox();
    const links = async (network: string) => {
      const words = [
        "run",
        "--rm",
        "--network",
        network,
        "busybox:test",
        "sed",
        "-n",
        "s/^ *\\([^ ]*\\):.*/\\1/p",
        "/proc/net/dev",
      ];
      return (await engine.ok(...words)).split("\n");
    };
    await engine.ok("run", "-d", "--name", "box", "busybox:test", "sleep", "1000");
    const address = await engine.ok("exec", "box", "hostname", "-i");

    expect(await links("none")).toEqual(["lo"]);
    expect(await links("host")).toContain("md0");
    expect((await links("container:box")).toSorted()).toEqual(["eth0", "lo"]);
    expect(
      await engine.ok("run", "--rm", "--network", "container:box", "busybox:test", "ip", "-4", "-o", "addr"),
    ).toContain(address.trim());
  },
);

engineTest("an address is free again when its container is gone", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  const first = await engine.ok("run", "--rm", "busybox:test", "hostname", "-i");
  for (let round = 0; round < 3; round++) await engine.ok("run", "--rm", "busybox:test", "true");
  await engine.ok("run", "-d", "--name", "first", "busybox:test", "sleep", "1000");
  const second = await engine.ok("run", "--rm", "busybox:test", "hostname", "-i");

  expect(first).toMatch(/^\d+\.\d+\.\d+\.\d+/);
  expect(second).not.toBe(await engine.ok("exec", "first", "hostname", "-i"));
});
