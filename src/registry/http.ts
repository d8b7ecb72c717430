import { InvalidDataError } from "../errors.ts";
import { looksLikeHtml } from "../spec/json.ts";
import { SilenceWatch } from "./silence-watch.ts";

const REDIRECT_LIMIT = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** How long a server may keep silent. */
export interface Timeouts {
  /** Until the answer's headers. */
  readonly headersMs: number;
  /** Between two pieces of its body. */
  readonly stallMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { headersMs: 30_000, stallMs: 60_000 };

export interface HttpRequest {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to the first host and to no other that a redirect names. */
  readonly authorization?: string | undefined;
  readonly body?: string;
  readonly verifyTls: boolean;
  /** Whether a redirect may lead from https to http. */
  readonly allowDowngrade: boolean;
  readonly timeouts: Timeouts;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read. Dispose of it, or read it to its end. */
export class HttpAnswer implements Disposable {
  readonly response: Response;
  /** Where the last redirect led. */
  readonly url: URL;
  readonly #watch: SilenceWatch;

  constructor(response: Response, url: URL, watch: SilenceWatch) {
    this.response = response;
    this.url = url;
    this.#watch = watch;
  }

  /** The body in pieces as they come. @throws {ConnectionError} when it is cut off or stalls */
  async *chunks(): AsyncGenerator<Uint8Array> {
    using watch = this.#watch;
    if (this.response.body === null) return;
    const reader = this.response.body.getReader();
    for (;;) {
      const { done, value } = await watch.wait(reader.read());
      if (done) return;
      yield value;
    }
  }

  /** The whole body. @throws {InvalidDataError} when it is longer than `limitBytes` */
  async bytes(limitBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of this.chunks()) {
      length += part.length;
      if (length > limitBytes) {
        throw new InvalidDataError(`Cannot read ${describeUrl(this.url)}: more than ${limitBytes} bytes`);
      }
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** Drops the connection unless the body was read. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/**
 * Sends a request and follows redirects, by hand: credentials go to the host they are for and nowhere else.
 *
 * @throws {ConnectionError} when a host cannot be reached   @throws {InvalidDataError} for redirects without end
 */
export async function send(start: URL, request: HttpRequest): Promise<HttpAnswer> {
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce(url, request, url.origin === start.origin);
    const location = answer.response.headers.get("location");
    if (location === null || !REDIRECT_STATUSES.has(answer.response.status)) return answer;
    answer[Symbol.dispose]();
    if (redirects === REDIRECT_LIMIT) {
      throw new InvalidDataError(`Cannot get ${describeUrl(start)}: more than ${REDIRECT_LIMIT} redirects`);
    }
    url = redirectTarget(url, location, request.allowDowngrade);
  }
}

/** An address without what may be secret: user, password and the query, where storage providers put signatures. */
export function describeUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Refuses a page where JSON was asked for. @throws {InvalidDataError} that says so */
export function refuseHtml(answer: HttpAnswer, bytes: Uint8Array): void {
  if (!looksLikeHtml(new TextDecoder().decode(bytes.subarray(0, 200)))) return;
  throw new InvalidDataError(
    `Cannot use the answer of ${describeUrl(answer.url)}: an HTML page instead of JSON`,
    {
      hint: "Check that the address is a registry's; a proxy may have answered",
    },
  );
}

async function sendOnce(url: URL, request: HttpRequest, isFirstHost: boolean): Promise<HttpAnswer> {
  const watch = new SilenceWatch(url.host, request.timeouts.headersMs, request.signal);
  const { authorization } = request;
  const response = await watch.wait(
    fetch(url.href, {
      method: request.method ?? "GET",
      headers: {
        // A server that compresses a blob on the way would change the bytes that its digest covers.
        "accept-encoding": "identity",
        ...request.headers,
        ...(isFirstHost && authorization !== undefined && { authorization }),
      },
      ...(request.body !== undefined && { body: request.body }),
      redirect: "manual",
      decompress: false,
      tls: { rejectUnauthorized: request.verifyTls },
      signal: watch.signal,
    }),
  );
  watch.setLimit(request.timeouts.stallMs);
  return new HttpAnswer(response, url, watch);
}

function redirectTarget(from: URL, location: string, allowDowngrade: boolean): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isHttp = target?.protocol === "https:" || target?.protocol === "http:";
  if (target === undefined || !isHttp) {
    throw new InvalidDataError(`Cannot get ${describeUrl(from)}: it redirects to something that is not http`);
  }
  if (from.protocol === "https:" && target.protocol === "http:" && !allowDowngrade) {
    throw new InvalidDataError(`Cannot get ${describeUrl(from)}: it redirects from https to plain http`);
  }
  return target;
}
