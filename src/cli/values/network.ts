import type { NetworkMode } from "../../container/config.ts";
import { UnsupportedError, UsageError } from "../../errors.ts";
import { splitAtEquals } from "./environment.ts";

/** Reads `--network`: `bridge`, `none`, `host`, `container:NAME`. */
export function parseNetwork(given: string): NetworkMode {
  const mode = given.startsWith("name=") && !given.includes(",") ? given.slice(5) : given;
  if (mode === "" || mode === "default" || mode === "bridge") return "bridge";
  if (mode === "none" || mode === "host") return mode;
  if (mode.startsWith("container:")) {
    if (mode === "container:") throw new UsageError("invalid container format container:<name|id>");
    return mode as `container:${string}`;
  }
  throw new UnsupportedError(`--network ${given}: user-defined networks are not supported yet`, {
    hint: "Use bridge, none, host or container:NAME",
  });
}

/** Reads one `--add-host`: `name:address`, `name=address`. @returns `name:address`. */
export function parseExtraHost(given: string): string {
  const [, name, address] = /^([^:=]+)[:=](.*)$/.exec(given) ?? [];
  if (name === undefined || !address)
    throw new UsageError(`bad format for add-host: ${JSON.stringify(given)}`);
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (bare !== "host-gateway" && !isAddress(bare)) {
    throw new UsageError(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
  return `${name}:${bare}`;
}

/** Checks one `--dns`. */
export function parseNameserver(given: string): string {
  const address = given.trim();
  if (!isAddress(address)) throw new UsageError(`IP address is not correctly formatted: ${given}`);
  return address;
}

/** Checks one `--dns-search`; `.` stands for no search list. */
export function parseSearchDomain(given: string): string {
  const domain = given.trim();
  if (domain !== "." && !/^[a-zA-Z0-9_]([\w-]*\w)?(\.[a-zA-Z0-9_]([\w-]*\w)?)*\.?$/.test(domain)) {
    throw new UsageError(`${given} is not a valid domain`);
  }
  return domain;
}

/** The sysctls that belong to a container's own namespaces. */
const SYSCTLS =
  /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|(net|fs\.mqueue)\..+)$/;

/** Reads one `--sysctl`: `net.ipv4.ip_forward=1`. */
export function parseSysctl(given: string): readonly [name: string, value: string] {
  const [name, value] = splitAtEquals(given);
  if (!given.includes("=") || !SYSCTLS.test(name)) throw new UsageError(`sysctl '${given}' is not allowed`);
  return [name, value];
}

function isAddress(text: string): boolean {
  const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  if (new RegExp(`^${octet}(\\.${octet}){3}$`).test(text)) return true;
  return text.includes(":") && /^[\da-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
