/**
 * What a kind of network does for a container: the interface, and the few words all kinds share.
 *
 * The order of a start: `validate` before anything exists; `lease` in the transaction that records the container;
 * `prepare` outside any transaction, at the latest while the container's process is being born; `attach` while that
 * waits; `detach` when it has ended.
 */

/** A container's place on a network. */
export interface Endpoint {
  /** IPv4 as a number; src/lib/ipv4.ts formats it. */
  readonly address: number;
  readonly gateway: number;
  readonly prefixLength: number;
}

/** Which network namespace the container's first process gets. */
export type NamespaceChoice =
  | { readonly kind: "new" }
  | { readonly kind: "host" }
  /** That of a running process, /proc/PID/ns/net. */
  | { readonly kind: "join"; readonly pid: number };

/** What the user asked for that a kind of network may refuse. */
export interface NetworkRequest {
  /** The `--hostname` the user gave; not a default. */
  readonly hostname?: string | undefined;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly extraHosts: readonly string[];
}

export interface NetworkDriver extends Disposable {
  /** The word before any colon in `--network`. */
  readonly kind: "bridge" | "none" | "host" | "container";

  /**
   * Refuses what cannot be, before anything is made.
   *
   * @throws {UsageError} for options that exclude each other
   */
  validate(request: NetworkRequest): void;

  /**
   * Makes what all containers of this network share, where it is missing. Cheap when nothing is.
   *
   * @returns warnings, a sentence each: the network will work in part
   */
  prepare(): readonly string[];

  /** The namespace for a container's first process. */
  namespace(): NamespaceChoice;

  /**
   * Leases an address; joins the caller's transaction. Undefined when this kind of network has no addresses.
   *
   * @throws {UnavailableError} when none is free
   */
  lease(containerId: string): Endpoint | undefined;

  /** The endpoint that a container has, if any. */
  endpoint(containerId: string): Endpoint | undefined;

  /**
   * Connects the container's network namespace. Afterwards its first packet arrives.
   *
   * @param netnsFd the namespace, as src/kernel/netns.ts opens it
   */
  attach(containerId: string, netnsFd: number): void;

  /** Releases what outlives the container's namespace. That there is nothing is fine. */
  detach(containerId: string): void;
}
