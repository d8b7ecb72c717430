/** Prints as JSON where a monitor started from here would go on cgroup2: `cgroup-shim.fixture.ts PARENT`. */
import { readlinkSync, writeSync } from "node:fs";
import { openCgroupManager } from "../../../src/kernel/cgroup/manager.ts";

using placement = openCgroupManager(process.argv[2]).shimPlacement();
const { unifiedFd } = placement;
writeSync(1, JSON.stringify(unifiedFd ? readlinkSync(`/proc/self/fd/${unifiedFd.fd}`) : null));
