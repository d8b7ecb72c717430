import { DEFAULT_DOMAIN } from "../spec/reference.ts";

/** Docker Hub's registry has another name than its references. */
const HUB_HOST = "registry-1.docker.io";

/** One way to reach a registry. */
export interface Endpoint {
  /** `https://host:port` */
  readonly origin: string;
  readonly verifyTls: boolean;
}

/**
 * How to reach a registry, the best way first.
 *
 * As docker does: one on this machine, or one that the user calls insecure, may have a certificate nobody vouches
 * for, or speak plain http.
 *
 * @param insecureRegistries hosts with their ports, as in references
 */
export function endpointsOf(domain: string, insecureRegistries: readonly string[]): Endpoint[] {
  const host = domain === DEFAULT_DOMAIN ? HUB_HOST : domain;
  if (!insecureRegistries.includes(domain) && !isLoopback(domain)) {
    return [{ origin: `https://${host}`, verifyTls: true }];
  }
  return ["https", "http"].map((scheme) => ({ origin: `${scheme}://${host}`, verifyTls: false }));
}

/** Whether host[:port] can only be this machine. */
export function isLoopback(domain: string): boolean {
  const host = domain.startsWith("[")
    ? domain.slice(0, domain.indexOf("]") + 1)
    : domain.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
