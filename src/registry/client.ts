import { InvalidDataError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf, isDigest } from "../spec/digest.ts";
import { MANIFEST_LIMIT_BYTES } from "../spec/manifest.ts";
import { baseMediaType, MANIFEST_TYPES } from "../spec/media-type.ts";
import { familiarName, type Reference } from "../spec/reference.ts";
import { answerError, type Subject } from "./answer-error.ts";
import { Authorizer } from "./authorizer.ts";
import { ConnectionError } from "./connection-error.ts";
import { type CredentialSource, NO_CREDENTIALS } from "./credentials.ts";
import { type Endpoint, endpointsOf } from "./endpoint.ts";
import { DEFAULT_TIMEOUTS, type HttpAnswer, refuseHtml, send, type Timeouts } from "./http.ts";
import { DEFAULT_RETRY, isTemporary, pause, type RetryPolicy, withRetries } from "./retry.ts";

export interface RegistryOptions {
  /** `mini-docker/VERSION`. */
  readonly userAgent: string;
  readonly credentials?: CredentialSource | undefined;
  /** Hosts that may speak plain http or show a certificate nobody vouches for. */
  readonly insecureRegistries?: readonly string[] | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** A manifest or index as it came. */
export interface RawManifest {
  readonly bytes: Uint8Array;
  /** By the Content-Type header. */
  readonly mediaType: string;
  readonly digest: Digest;
}

interface Query {
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly subject: Subject;
}

/**
 * Reads one repository of a registry.
 *
 * @see distribution-spec "Pull"
 */
export class RegistryClient {
  readonly #reference: Reference;
  readonly #options: RegistryOptions;
  readonly #timeouts: Timeouts;
  readonly #retry: RetryPolicy;
  readonly #authorizer: Authorizer;
  #endpoints: readonly Endpoint[];

  constructor(reference: Reference, options: RegistryOptions) {
    this.#reference = reference;
    this.#options = options;
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#endpoints = endpointsOf(reference.domain, options.insecureRegistries ?? []);
    this.#authorizer = new Authorizer({
      domain: reference.domain,
      scope: `repository:${reference.path}:pull`,
      credentials: options.credentials ?? NO_CREDENTIALS,
      userAgent: options.userAgent,
      timeouts: this.#timeouts,
    });
  }

  /** The digest that a tag has now, without its manifest; `undefined` when the registry does not say. */
  async resolveTag(tag: string): Promise<Digest | undefined> {
    const query = { ...this.#manifestQuery(tag), method: "HEAD" } as const;
    using answer = await this.#retrying(() => this.#query(`manifests/${tag}`, query));
    const digest = answer.response.headers.get("docker-content-digest") ?? "";
    return isDigest(digest) ? digest : undefined;
  }

  /**
   * Fetches a manifest or index by tag or digest.
   *
   * @throws {NotFoundError} unknown name or tag   @throws {PermissionError} refused   @throws {InvalidDataError} the
   *   bytes are not those of the digest   @throws {UnavailableError} unreachable, or out of order
   */
  async manifest(tagOrDigest: string): Promise<RawManifest> {
    return await this.#retrying(async () => {
      using answer = await this.#query(`manifests/${tagOrDigest}`, this.#manifestQuery(tagOrDigest));
      const bytes = await answer.bytes(MANIFEST_LIMIT_BYTES);
      refuseHtml(answer, bytes);
      const announced = answer.response.headers.get("docker-content-digest") ?? "";
      const expected = isDigest(tagOrDigest) ? tagOrDigest : isDigest(announced) ? announced : undefined;
      const digest = digestOf(bytes, expected === undefined ? "sha256" : digestAlgorithm(expected));
      if (expected !== undefined && digest !== expected) {
        const thing = this.#manifestQuery(tagOrDigest).subject.thing;
        throw new InvalidDataError(
          `Cannot use ${thing}: the bytes received have the digest ${digest}, not ${expected}`,
        );
      }
      return { bytes, digest, mediaType: baseMediaType(answer.response.headers.get("content-type")) };
    });
  }

  /**
   * The bytes of a blob as they come; whoever stores them verifies them.
   *
   * A connection that breaks is taken up again where it broke.
   */
  async *blob({ digest, size }: Descriptor): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (let failures = 0; ;) {
      try {
        using answer = await this.#openBlob(digest, size, offset);
        let skip = offset > 0 && answer.response.status === 200 ? offset : 0; // The server knows no ranges.
        for await (const chunk of answer.chunks()) {
          const part = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
          skip -= Math.min(skip, chunk.length);
          if (part.length === 0) continue;
          offset += part.length;
          failures = 0;
          yield part;
        }
        return;
      } catch (cause) {
        if (++failures >= this.#retry.attempts || !isTemporary(cause)) throw cause;
        await pause(this.#retry, failures, cause, this.#options.signal);
      }
    }
  }

  async #openBlob(digest: Digest, size: number, offset: number): Promise<HttpAnswer> {
    const subject = { repository: familiarName(this.#reference), thing: `blob ${digest}` };
    const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const answer = await this.#query(`blobs/${digest}`, { subject, headers });
    const announced = Number(answer.response.headers.get("content-length") ?? Number.NaN);
    const expected = answer.response.status === 206 ? size - offset : size;
    if (Number.isNaN(announced) || announced === expected) return answer;
    answer[Symbol.dispose]();
    throw new InvalidDataError(
      `Cannot get blob ${digest}: ${announced} bytes announced instead of ${expected}`,
    );
  }

  #manifestQuery(tagOrDigest: string): Query {
    const repository = familiarName(this.#reference);
    const separator = isDigest(tagOrDigest) ? "@" : ":";
    const subject = { repository, thing: `manifest for ${repository}${separator}${tagOrDigest}` };
    return { subject, headers: { accept: MANIFEST_TYPES.join(", ") } };
  }

  /** Sends a request with what the registry wants to see. Whoever asks tries again on a temporary failure. */
  async #query(path: string, query: Query): Promise<HttpAnswer> {
    const answer = await this.#tryEndpoints(path, query);
    if (answer.response.ok) return answer;
    using failed = answer;
    throw await answerError(failed, query.subject);
  }

  async #retrying<Value>(attempt: () => Promise<Value>): Promise<Value> {
    return await withRetries(this.#retry, attempt, this.#options.signal);
  }

  async #tryEndpoints(path: string, query: Query): Promise<HttpAnswer> {
    for (const [index, endpoint] of this.#endpoints.entries()) {
      try {
        const answer = await this.#sendAuthorized(endpoint, path, query);
        this.#endpoints = [endpoint];
        return answer;
      } catch (cause) {
        const isLast = index === this.#endpoints.length - 1;
        if (isLast || !(cause instanceof ConnectionError)) throw cause;
      }
    }
    throw new Error("a registry without endpoints");
  }

  async #sendAuthorized(endpoint: Endpoint, path: string, query: Query): Promise<HttpAnswer> {
    const url = new URL(`${endpoint.origin}/v2/${this.#reference.path}/${path}`);
    const request = (authorization: string | undefined) => ({
      method: query.method ?? "GET",
      headers: { "user-agent": this.#options.userAgent, ...query.headers },
      authorization,
      verifyTls: endpoint.verifyTls,
      allowDowngrade: !endpoint.verifyTls,
      timeouts: this.#timeouts,
      signal: this.#options.signal,
    });
    const { header } = this.#authorizer;
    const answer = await send(url, request(header));
    const challenge = answer.response.headers.get("www-authenticate");
    if (answer.response.status !== 401 || challenge === null) return answer;
    answer[Symbol.dispose]();
    return await send(url, request(await this.#authorizer.answer(challenge, endpoint, header)));
  }
}
