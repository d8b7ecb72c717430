import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { InvalidDataError } from "../errors.ts";
import { DEFAULT_DOMAIN } from "../spec/reference.ts";

/** What a registry knows the caller by: a password, or a token that buys access tokens. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  | { readonly kind: "identity-token"; readonly token: string };

/** Where credentials come from. A credential helper is another one of these. */
export interface CredentialSource {
  /** @param domain as in references, `docker.io` */
  get(domain: string): Promise<Credentials | undefined>;
}

/** The key of Docker Hub in the config file is older than its name in references. */
const HUB_KEYS = ["https://index.docker.io/v1/", "index.docker.io", "docker.io"];

const FILE_LIMIT_BYTES = 1024 * 1024;

/**
 * The `auths` of docker's config file: `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`.
 *
 * It is read at the first question. A file that does not exist has no credentials; one that is broken is an error,
 * since going on without them would end in a puzzling refusal.
 */
export class DockerConfigFile implements CredentialSource {
  readonly #path: string;

  constructor(folder: string = process.env.DOCKER_CONFIG ?? `${homedir()}/.docker`) {
    this.#path = `${folder}/config.json`;
  }

  /** @throws {InvalidDataError} when the file is not what docker writes */
  async get(domain: string): Promise<Credentials | undefined> {
    const auths = this.#readAuths();
    const keys = domain === DEFAULT_DOMAIN ? HUB_KEYS : [domain, `https://${domain}`, `http://${domain}`];
    for (const key of keys.flatMap((key) => [key, `${key}/`, `${key}/v1/`, `${key}/v2/`])) {
      const entry = Object.hasOwn(auths, key) ? auths[key] : undefined;
      if (entry !== undefined) return this.#parse(entry, key);
    }
    return undefined;
  }

  #readAuths(): Record<string, unknown> {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && ["ENOENT", "ENOTDIR"].includes(String(cause.code)))
        return {};
      throw cause;
    }
    if (text.length > FILE_LIMIT_BYTES) throw this.#broken("too long");
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch (cause) {
      throw this.#broken("not valid JSON", cause);
    }
    return objectOf(objectOf(document).auths);
  }

  #parse(entry: unknown, key: string): Credentials | undefined {
    const { auth, username, password, identitytoken } = objectOf(entry);
    if (typeof identitytoken === "string" && identitytoken !== "") {
      return { kind: "identity-token", token: identitytoken };
    }
    if (typeof auth === "string" && auth !== "") {
      const plain = Buffer.from(auth, "base64").toString().replace(/\0+$/, "");
      const colon = plain.indexOf(":");
      if (colon < 1) throw this.#broken(`auth of "${key}" is not base64 of name:password`);
      return { kind: "password", username: plain.slice(0, colon), password: plain.slice(colon + 1) };
    }
    if (typeof username !== "string" || typeof password !== "string") return undefined;
    return { kind: "password", username, password };
  }

  #broken(state: string, cause?: unknown): InvalidDataError {
    return new InvalidDataError(`Cannot read "${this.#path}": ${state}`, { cause });
  }
}

/** For registries that are to be met as a stranger. */
export const NO_CREDENTIALS: CredentialSource = { get: async () => undefined };

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
