import { UnavailableError } from "../errors.ts";

/** How far an exchange came before it failed. */
export type ConnectionFailure = "refused" | "unknown-host" | "unreachable" | "tls" | "cut" | "stalled";

const STATES: Readonly<Record<ConnectionFailure, string>> = {
  refused: "connection refused",
  "unknown-host": "no such host",
  unreachable: "no route to the host",
  tls: "TLS failed",
  cut: "the connection was cut",
  stalled: "it stopped answering",
};

/** Codes of failed fetches that are neither cuts nor TLS's; those of certificates are many and have no pattern. */
const KINDS: Readonly<Record<string, ConnectionFailure>> = {
  ECONNREFUSED: "refused",
  ConnectionRefused: "refused",
  ENOTFOUND: "unknown-host",
  EAI_AGAIN: "unknown-host",
  FailedToOpenSocket: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "stalled",
  ECONNRESET: "cut",
  ConnectionClosed: "cut",
  EPIPE: "cut",
};

/** A server that could not be reached, or a connection that broke. */
export class ConnectionError extends UnavailableError {
  readonly failure: ConnectionFailure;

  constructor(
    host: string,
    failure: ConnectionFailure,
    options: { cause?: unknown; hint?: string; detail?: string } = {},
  ) {
    const detail = options.detail === undefined ? "" : ` (${options.detail})`;
    super(`Cannot reach registry ${host}: ${STATES[failure]}${detail}`, options);
    this.failure = failure;
  }

  /** Whether the same request may succeed in a moment. */
  get isTemporary(): boolean {
    return this.failure === "cut" || this.failure === "stalled";
  }
}

/** What a rejected fetch means. Rethrows what is no failure of a connection. */
export function connectionError(host: string, cause: unknown): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  if (code === undefined) throw cause;
  const failure = KINDS[code] ?? (isTlsCode(code) ? "tls" : undefined);
  if (failure === undefined) throw cause;
  if (failure !== "tls") return new ConnectionError(host, failure, { cause });
  const detail = code === "EPROTO" ? "does it speak TLS?" : code.toLowerCase().replaceAll("_", " ");
  return new ConnectionError(host, failure, {
    cause,
    detail,
    hint: `Trust it with --insecure-registry ${host}`,
  });
}

function isTlsCode(code: string): boolean {
  return code === "EPROTO" || /CERT|SSL|TLS|SIGNATURE|ISSUER|CRL|ALTNAME/.test(code);
}
