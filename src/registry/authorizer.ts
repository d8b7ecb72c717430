import { EngineError, InvalidDataError, PermissionError, UnsupportedError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";
import { type Endpoint, isLoopback } from "./endpoint.ts";
import { describeUrl, type HttpAnswer, refuseHtml, send, type Timeouts } from "./http.ts";
import { TemporaryAnswerError } from "./retry.ts";

const TOKEN_LIMIT_BYTES = 1024 * 1024;

export interface AuthorizerOptions {
  /** As in references; what credentials are looked up by. */
  readonly domain: string;
  /** What is asked for when the registry does not say: `repository:library/alpine:pull`. */
  readonly scope: string;
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  readonly timeouts: Timeouts;
}

type Bearer = Extract<Challenge, { scheme: "bearer" }>;

/** Answers a registry's challenges, and remembers the answer for the requests that follow. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  #header: string | undefined;
  #pending: Promise<string> | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header to send; `undefined` until a registry has asked for one. */
  get header(): string | undefined {
    return this.#header;
  }

  /**
   * Gets what a 401 asks for. Requests that are refused at the same moment share one token.
   *
   * @param refused the header that the registry has just refused
   * @throws {PermissionError} when there is nothing to answer with
   */
  async answer(wwwAuthenticate: string, endpoint: Endpoint, refused: string | undefined): Promise<string> {
    if (this.#header !== undefined && this.#header !== refused) return this.#header;
    this.#pending ??= this.#authorize(wwwAuthenticate, endpoint).finally(() => {
      this.#pending = undefined;
    });
    this.#header = await this.#pending;
    return this.#header;
  }

  async #authorize(wwwAuthenticate: string, endpoint: Endpoint): Promise<string> {
    const challenge = parseChallenge(wwwAuthenticate);
    const { domain } = this.#options;
    if (challenge === undefined) {
      throw new UnsupportedError(
        `Cannot log in to registry ${domain}: it asks for neither a token nor a password`,
      );
    }
    const credentials = await this.#options.credentials.get(domain);
    if (challenge.scheme === "bearer")
      return `Bearer ${await this.#fetchToken(challenge, credentials, endpoint)}`;
    if (credentials?.kind === "password") return basic(credentials);
    throw new PermissionError(`Cannot log in to registry ${domain}: no basic auth credentials`, {
      hint: `Log in first: the password is read from docker's config.json`,
    });
  }

  async #fetchToken(
    challenge: Bearer,
    credentials: Credentials | undefined,
    endpoint: Endpoint,
  ): Promise<string> {
    const url = this.#tokenUrl(challenge, credentials !== undefined, endpoint);
    const isSame = url.origin === endpoint.origin;
    using answer = await send(url, {
      ...this.#tokenRequest(url, challenge, credentials),
      verifyTls: isSame || isLoopback(url.host) ? endpoint.verifyTls : true,
      allowDowngrade: false,
      timeouts: this.#options.timeouts,
    });
    const bytes = await answer.bytes(TOKEN_LIMIT_BYTES);
    if (!answer.response.ok) throw this.#tokenRefusal(answer);
    refuseHtml(answer, bytes);
    const document = parseJson(bytes, `token of ${describeUrl(url)}`, TOKEN_LIMIT_BYTES) as Record<
      string,
      unknown
    > | null;
    const token = document?.token ?? document?.access_token;
    if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
    throw new InvalidDataError(`Cannot use the answer of ${describeUrl(url)}: it holds no token`);
  }

  #tokenUrl(challenge: Bearer, hasSecret: boolean, endpoint: Endpoint): URL {
    const url = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new InvalidDataError(
        `Cannot log in to registry ${this.#options.domain}: its token server has no address`,
      );
    }
    // A registry reached safely may not send the password over an open line.
    if (hasSecret && url.protocol === "http:" && endpoint.verifyTls && !isLoopback(url.host)) {
      throw new PermissionError(
        `Cannot log in at ${describeUrl(url)}: it would send the password unencrypted`,
      );
    }
    return url;
  }

  #tokenRequest(url: URL, challenge: Bearer, credentials: Credentials | undefined) {
    const { userAgent, scope: ownScope } = this.#options;
    const scope = challenge.scope ?? ownScope;
    const headers = { "user-agent": userAgent, accept: "application/json" };
    if (credentials?.kind === "identity-token") {
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: credentials.token,
        scope,
      });
      form.set("client_id", "mini-docker");
      if (challenge.service !== undefined) form.set("service", challenge.service);
      const type = { "content-type": "application/x-www-form-urlencoded" };
      return { method: "POST", headers: { ...headers, ...type }, body: form.toString() } as const;
    }
    if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
    url.searchParams.set("scope", scope);
    if (credentials === undefined) return { headers };
    url.searchParams.set("account", credentials.username);
    return { headers, authorization: basic(credentials) };
  }

  #tokenRefusal({ response, url }: HttpAnswer): EngineError {
    const { status } = response;
    if (status === 429 || status >= 500) {
      const message = `Cannot log in at ${describeUrl(url)}: the server answered ${status}`;
      return new TemporaryAnswerError(message, response.headers.get("retry-after"));
    }
    if (status === 401 || status === 403 || status === 400) {
      return new PermissionError(`Cannot log in to registry ${this.#options.domain}: unauthorized`, {
        hint: "Check the user name and password in docker's config.json",
      });
    }
    return new EngineError(`Cannot log in at ${describeUrl(url)}: the server answered ${status}`);
  }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
