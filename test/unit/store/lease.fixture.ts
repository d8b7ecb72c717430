/** Leases one address and prints it: `lease.fixture.ts ROOT CONTAINER`. */
import { writeSync } from "node:fs";
import { formatIpv4 } from "../../../src/lib/ipv4.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { allocateLease } from "../../../src/store/leases.ts";

const [root = "", containerId = ""] = process.argv.slice(2);
writeSync(1, formatIpv4(allocateLease(openDatabase(root), "bridge", containerId)));
