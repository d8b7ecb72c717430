import { expect } from "bun:test";
import { join } from "node:path";
import { inSandbox, sandboxTest } from "../../support/sandbox.ts";
import { tempDir } from "../../support/temp-dir.ts";

const fixture = join(import.meta.dir, "bridge.fixture.ts");

async function play<Result>(scenario: string): Promise<Result> {
  using dir = tempDir("bridge");
  return await inSandbox<Result>(fixture, scenario, dir.path);
}

sandboxTest(
  "containers reach the gateway, each other from the first packet on, and the world behind masquerade",
  async () => {
    const seen = await play<{
      toGateway: boolean;
      firstPacket: boolean;
      outward: boolean;
      unasked: boolean;
      seen: string[];
      inside: string;
      onHost: string;
      addresses: string[];
    }>("traffic");

    expect(seen).toMatchObject({ toGateway: true, firstPacket: true, outward: true });
    expect(seen.seen).toEqual(["1", "0"]); // The far side saw the uplink's address and no container's.
    expect(seen.unasked).toBe(false); // What comes in by the uplink uninvited is dropped.
    expect(seen.addresses).toEqual(["172.30.0.2", "172.30.0.3"]);
    expect(seen.inside).toContain("inet 172.30.0.2/16 brd 172.30.255.255 scope global eth0");
    expect(seen.inside).not.toContain("inet6"); // CVE-2024-32473
    expect(seen.inside).toContain("default via 172.30.0.1 dev eth0");
    expect(seen.inside).toMatch(/eth0@.* mtu 1400 .* link\/ether 02:42:ac:1e:00:02 /);
    expect(seen.inside).toMatch(/^lo .*UP/m);
    expect(seen.onHost).not.toMatch(/\bmd\w+ +inet6/);
    expect(seen.onHost).toMatch(/md0: .* mtu 1400 /);
    expect(seen.onHost).toEndWith("\n1\n2\n");
  },
);

sandboxTest("the firewall's table reads in nft's own words as intended", async () => {
  expect(await play<string>("rules")).toBe(`table ip mini-docker {
	comment "v1 md0 172.30.0.0/16"
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 172.30.0.0/16 oifname != "md0" masquerade
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname "md0" ct state established,related accept
		iifname "md0" accept
		oifname "md0" drop
	}
}
`);
});

sandboxTest("the next start repairs a table that was flushed, emptied or added to", async () => {
  const repaired = { damaged: true, repaired: true };

  expect(await play<unknown>("flush")).toEqual([repaired, repaired, repaired]);
});

sandboxTest("attach() makes the bridge again when it was deleted since prepare()", async () => {
  expect(await play<boolean>("lostBridge")).toBe(true);
});

sandboxTest("attach() takes the next name when a link of the last run is still there", async () => {
  const { links, works } = await play<{ links: string[]; works: boolean }>("takenName");

  expect(works).toBe(true);
  expect(links).toContain("md0000000000a");
});

sandboxTest("attach() takes another index when the kernel put a tunnel into the namespace", async () => {
  expect(await play<boolean>("takenIndex")).toBe(true);
});

sandboxTest("attach() refuses a namespace that is attached already", async () => {
  expect(await play<string>("twice")).toBe(
    "ConflictError: Cannot connect container 0000000000ab to the network: it has a link eth0",
  );
});

sandboxTest("nothing is left after the container's namespace: no link, no lease", async () => {
  const { during, after, lease } = await play<{ during: string[]; after: string[]; lease: unknown }>("end");

  expect(during).toContain("md0000000000");
  expect(after).toEqual(["lo", "md0"]);
  expect(lease).toBeNull();
});

sandboxTest("a container that restarts at once is connected again", async () => {
  expect(await play<boolean>("restart")).toBe(true);
});

sandboxTest("collectGarbage() deletes the links of dead containers alone", async () => {
  const { deleted, links, works } = await play<{ deleted: string[]; links: string[]; works: boolean }>(
    "garbage",
  );

  expect(deleted).toEqual(["md0000000001"]);
  expect(links.sort()).toEqual(["lo", "md0", "md0000000000"]);
  expect(works).toBe(true);
});

sandboxTest("the subnet keeps away from the machine's routes", async () => {
  expect(await play<string>("usedSubnet")).toBe("172.31.0.2");
});

sandboxTest(
  "a recorded subnet that the machine has since taken is given up while no container uses it",
  async () => {
    const result = await play<{ before: string; address: string; works: boolean; rules: string }>(
      "movedSubnet",
    );

    expect(result).toMatchObject({ before: "172.30.0.2", address: "172.31.0.2", works: true });
    expect(result.rules).toContain("ip saddr 172.31.0.0/16");
  },
);

sandboxTest("a bridge that has an address already keeps it", async () => {
  expect(await play<string>("adoptedSubnet")).toBe("10.99.0.2");
});

sandboxTest("a link of the bridge's name that is no bridge is refused", async () => {
  expect(await play<string>("noBridge")).toBe('ConflictError: Cannot use link "md0" as a bridge: it is veth');
});

sandboxTest("a read-only /proc/sys is a warning that says what to do, not a failure", async () => {
  expect(await play<string[]>("readOnlySysctl")).toEqual([
    "Containers will not reach beyond this machine: net.ipv4.ip_forward is 0 and cannot be changed. " +
      "Run `sysctl -w net.ipv4.ip_forward=1` on the host",
  ]);
});

sandboxTest("loopbackUpRequest() brings loopback up when it is sent as it is", async () => {
  expect(await play<boolean>("loopback")).toBe(true);
});

sandboxTest(
  "twelve first commands at once agree on one bridge, one table, and twelve addresses",
  async () => {
    const { racers, rules, bridges } = await play<{
      racers: { address: string; gateway: string; works: boolean }[];
      rules: string;
      bridges: number;
    }>("race");

    expect(new Set(racers.map(({ address }) => address)).size).toBe(12);
    expect(racers.every(({ gateway, works }) => gateway === "172.30.0.1" && works)).toBe(true);
    expect(bridges).toBe(1);
    expect(rules.match(/masquerade/g)).toHaveLength(1);
  },
);
