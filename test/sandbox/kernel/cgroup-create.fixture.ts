/** Makes a cgroup with limits below a parent: `cgroup-create.fixture.ts PARENT ID`. */
import { DEFAULT_DEVICE_RULES } from "../../../src/kernel/bpf/device-rule.ts";
import { openCgroupManager } from "../../../src/kernel/cgroup/manager.ts";

const [, , parent, id] = process.argv;
const limits = { memoryBytes: 16 * 1024 * 1024, memorySwapBytes: -1, cpusetCpus: "0", pidsMax: 9 };
using made = openCgroupManager(parent).create(id!, { limits, devices: DEFAULT_DEVICE_RULES });
if (made.cgroup.stats().pids?.limit !== 9) process.exitCode = 1;
