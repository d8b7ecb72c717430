/**
 * What a start pays for its network, step by step: in processes that do it once, as a command does, and in one that
 * does it many times, which shows the kernel's share. `bun bench/network.ts`
 */
import { openNetlink } from "../src/kernel/netlink/connection.ts";
import { findLink } from "../src/kernel/netlink/route/link.ts";
import { openBridgeNetwork } from "../src/network/bridge.ts";
import { openDatabase } from "../src/store/database.ts";
import { containerId, newNamespace, recordContainers } from "../test/sandbox/network/fake-container.ts";
import { median } from "./support/measure.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const COMMANDS = 20;
const STARTS_IN_ONE_PROCESS = 60;

type Steps = Record<"prepare" | "lease" | "attach", number>;

const timed = (act: () => void): number => {
  const startedAt = performance.now();
  act();
  return performance.now() - startedAt;
};

const [role, number = "0"] = process.argv.slice(2);
const folder = enterPrivateNamespaces();
const database = openDatabase(folder);
const network = openBridgeNetwork(database);

function start(container: number): Steps {
  using namespace = newNamespace();
  const id = containerId(container);
  return {
    prepare: timed(() => network.prepare()),
    lease: timed(() => network.lease(id)),
    attach: timed(() => network.attach(id, namespace.fd)),
  };
}

function print(title: string, samples: readonly Steps[]): void {
  const middle = (step: keyof Steps) => median(samples.map((sample) => sample[step])).toFixed(2);
  const total = median(samples.map(({ prepare, lease, attach }) => prepare + lease + attach)).toFixed(2);
  const steps = `prepare ${middle("prepare")}  lease ${middle("lease")}  attach ${middle("attach")}`;
  console.log(`${title.padEnd(34)} ${steps}  total ${total} ms`);
}

if (role === "command") {
  console.log(JSON.stringify(start(Number(number))));
  process.exit(0);
}

recordContainers(database, COMMANDS + STARTS_IN_ONE_PROCESS);
print("the first of all (makes the bridge)", [start(0)]);
const words = [process.execPath, import.meta.path, "command"];
const commands = Array.from({ length: COMMANDS }, (_, index) => {
  const { stdout } = Bun.spawnSync([...words, String(index)]);
  return JSON.parse(stdout.toString()) as Steps;
});
print(`medians of ${COMMANDS} commands`, commands);
const starts = Array.from({ length: STARTS_IN_ONE_PROCESS }, (_, index) => start(COMMANDS + index));
print(`medians of ${STARTS_IN_ONE_PROCESS} in one process`, starts);
using netlink = openNetlink("route");
const lookup = timed(() => findLink(netlink, "md0"));
console.log(`${"one look-up of the bridge".padEnd(34)} ${lookup.toFixed(2)} ms`);
