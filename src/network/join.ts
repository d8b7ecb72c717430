import { UsageError } from "../errors.ts";
import type { NetworkDriver, NetworkRequest } from "./driver.ts";
import { openNoneNetwork } from "./none.ts";

/** What only the engine knows of other containers. */
export interface ContainerLookup {
  /**
   * The process ID of a running container's init.
   *
   * @throws {NotFoundError} when there is no such container
   * @throws {ConflictError} when it does not run
   */
  initPid(containerId: string): number;
}

/**
 * `--network container:ID`: the namespace of another container, with its addresses, names and DNS.
 *
 * @param containerId the other container's full ID
 */
export function openJoinedNetwork(containerId: string, containers: ContainerLookup): NetworkDriver {
  return {
    ...openNoneNetwork(),
    kind: "container",
    validate: refuseOwnNames,
    namespace: () => ({ kind: "join", pid: containers.initPid(containerId) }),
  };
}

/** Names belong to the namespace's owner: two containers in one cannot differ in them. */
function refuseOwnNames(request: NetworkRequest): void {
  const { hostname, dns, dnsSearch, dnsOptions, extraHosts } = request;
  const given = [
    hostname === undefined ? [] : ["--hostname"],
    dns.length === 0 ? [] : ["--dns"],
    dnsSearch.length === 0 ? [] : ["--dns-search"],
    dnsOptions.length === 0 ? [] : ["--dns-option"],
    extraHosts.length === 0 ? [] : ["--add-host"],
  ].flat();
  if (given.length === 0) return;
  throw new UsageError(
    `Cannot use ${given.join(", ")} with --network container:ID: names are the other container's`,
    {
      hint: "Give these options to the other container",
    },
  );
}
