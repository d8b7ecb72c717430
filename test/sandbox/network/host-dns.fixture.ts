/** The host's resolver files as the arguments say: `host-dns.fixture.ts RESOLV_CONF UPSTREAM`, "-" for none. */
import { mkdirSync, writeFileSync, writeSync } from "node:fs";
import { readHostResolvConf, readOwnResolvConf } from "../../../src/network/host-dns.ts";
import { sh } from "./fake-container.ts";

const [resolvConf = "-", upstream = "-"] = process.argv.slice(2);
sh("mount -t tmpfs tmpfs /etc && mount -t tmpfs tmpfs /run");
if (resolvConf !== "-") writeFileSync("/etc/resolv.conf", resolvConf);
mkdirSync("/run/systemd/resolve", { recursive: true });
if (upstream !== "-") writeFileSync("/run/systemd/resolve/resolv.conf", upstream);
writeSync(1, JSON.stringify([readHostResolvConf(), readOwnResolvConf()]));
