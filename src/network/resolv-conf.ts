/**
 * The container's /etc/resolv.conf. Pure.
 *
 * @see resolv.conf(5)
 */

/** systemd-resolved's list of the servers that its own stub asks. */
export const RESOLVED_UPSTREAM_PATH = "/run/systemd/resolve/resolv.conf";

/** Used when the host names none that a container can reach; the same as docker's. */
const FALLBACK_SERVERS = ["8.8.8.8", "8.8.4.4"];

/** The host's file is at most this long; glibc itself reads only three servers and six search domains of it. */
export const MAX_RESOLV_CONF_BYTES = 64 * 1024;

/** What the user gave; an empty list keeps the host's. */
export interface DnsOverrides {
  readonly dns: readonly string[];
  /** `["."]` for no search list at all. */
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
}

interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/**
 * Whether the host's resolv.conf leads only to systemd-resolved's stub on 127.0.0.53, which no other network
 * namespace can reach: then the content of {@link RESOLVED_UPSTREAM_PATH} is the one to take.
 */
export function usesResolvedStub(text: string): boolean {
  const { servers } = parse(text);
  return servers.length > 0 && servers.every((server) => server === "127.0.0.53");
}

/**
 * The text for a container in a network namespace of its own.
 *
 * Servers on loopback are left out: the container's loopback is another. So are IPv6 servers, which an IPv4
 * network does not lead to. When nothing is left, public servers stand in.
 *
 * @param hostText the host's /etc/resolv.conf, or resolved's; empty when there is none
 */
export function containerResolvConf(hostText: string, overrides: DnsOverrides): string {
  const host = parse(hostText);
  const reachable = host.servers.filter((server) => !server.includes(":") && !server.startsWith("127."));
  const servers = overrides.dns.length > 0 ? overrides.dns : reachable;
  return format({
    servers: servers.length > 0 ? servers : FALLBACK_SERVERS,
    ...domainsAndOptions(host, overrides),
  });
}

/** The text for a container in the host's network namespace: the host's own, but for what the user gave. */
export function hostNetworkResolvConf(hostText: string, overrides: DnsOverrides): string {
  const { dns, dnsSearch, dnsOptions } = overrides;
  if (dns.length + dnsSearch.length + dnsOptions.length === 0) return hostText;
  const host = parse(hostText);
  return format({ servers: dns.length > 0 ? dns : host.servers, ...domainsAndOptions(host, overrides) });
}

function domainsAndOptions(host: ResolvConf, { dnsSearch, dnsOptions }: DnsOverrides) {
  const search = dnsSearch.length > 0 ? dnsSearch : host.search;
  return {
    search: search.filter((domain) => domain !== "."),
    options: dnsOptions.length > 0 ? dnsOptions : host.options,
  };
}

/** As the C library reads it: the last search or domain line counts, servers and options add up. */
function parse(text: string): ResolvConf {
  const servers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && values[0] !== undefined) servers.push(values[0]);
    else if (keyword === "search" || keyword === "domain") search = values;
    else if (keyword === "options") options.push(...values);
  }
  return { servers, search, options };
}

function format({ servers, search, options }: ResolvConf): string {
  const lines = servers.map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(" ")}`);
  if (options.length > 0) lines.push(`options ${options.join(" ")}`);
  return `${lines.join("\n")}\n`;
}
