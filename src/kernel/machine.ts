import { readFileSync } from "node:fs";
import { parseNumberList } from "../lib/number-list.ts";

/** What limits depend on. Each fact is read when it is asked for: most containers ask for none. */
export interface MachineFacts {
  /** The CPUs that are online, as a list in cpuset(7) format. */
  readonly cpus: () => string;
  /** The memory nodes that are online. */
  readonly memoryNodes: () => string;
}

/** The facts of this machine. */
export const machineFacts: MachineFacts = {
  cpus: () => readList("/sys/devices/system/cpu/online"),
  memoryNodes: () => readList("/sys/devices/system/node/online"),
};

/** A kernel without NUMA has no list of nodes, and one node. */
function readList(path: string): string {
  try {
    const text = readFileSync(path, "utf8").trim();
    return parseNumberList(text) ? text : "0";
  } catch {
    return "0";
  }
}
