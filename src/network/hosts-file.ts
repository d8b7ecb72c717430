/**
 * The container's /etc/hosts. Pure.
 *
 * @see hosts(5)
 */
import { UsageError } from "../errors.ts";
import { parseIpv4 } from "../lib/ipv4.ts";

/** What every container's file begins with, as docker writes it. */
const LOCAL_LINES = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::\tip6-localnet",
  "ff00::\tip6-mcastprefix",
  "ff02::1\tip6-allnodes",
  "ff02::2\tip6-allrouters",
];

/** Stands for the host's address as the container sees it, in `--add-host name:host-gateway`. */
const HOST_GATEWAY = "host-gateway";

export interface HostsFileOptions {
  readonly hostname: string;
  readonly domainname: string;
  /** The container's own address; undefined on a network without addresses. */
  readonly address: string | undefined;
  /** What `host-gateway` stands for; undefined where the host cannot be reached. */
  readonly gateway: string | undefined;
  /** `name:address`, or `name=address`, as `--add-host` has it. */
  readonly extraHosts: readonly string[];
}

/**
 * The text of the file.
 *
 * @throws {UsageError} for an extra host that does not parse
 */
export function hostsFile({ hostname, domainname, address, gateway, extraHosts }: HostsFileOptions): string {
  const extra = extraHosts.map((text) => {
    const { name, address: given } = parseExtraHost(text);
    return `${given === HOST_GATEWAY ? reachableGateway(text, gateway) : given}\t${name}`;
  });
  const fullName = domainname === "" ? "" : `${hostname}.${domainname} `;
  const own = address === undefined ? [] : [`${address}\t${fullName}${hostname}`];
  return `${[...LOCAL_LINES, ...extra, ...own].join("\n")}\n`;
}

/**
 * Parses a value of `--add-host`. An IPv6 address may stand in brackets.
 *
 * @throws {UsageError} when there is no name, or the address is none
 */
export function parseExtraHost(text: string): { name: string; address: string } {
  const [, name = "", given = ""] = /^([^:=\s]+)[:=](.*)$/.exec(text) ?? [];
  const address = given.replace(/^\[(.*)\]$/, "$1");
  if (name !== "" && (address === HOST_GATEWAY || isAddress(address))) return { name, address };
  throw new UsageError(`Cannot add host "${text}": not of the form NAME:ADDRESS`, {
    hint: "Give an IPv4 or IPv6 address, or host-gateway",
  });
}

/** An IPv6 address is one when a URL may contain it: that costs no module, unlike node:net. */
function isAddress(text: string): boolean {
  return parseIpv4(text) !== undefined || (/^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`));
}

function reachableGateway(text: string, gateway: string | undefined): string {
  if (gateway !== undefined) return gateway;
  throw new UsageError(`Cannot add host "${text}": the host has no address on this network`, {
    hint: "Use --network bridge",
  });
}
