import { InvalidDataError } from "../errors.ts";
import { type Digest, parseDigest } from "./digest.ts";

/** The registry meant when a reference names none. */
export const DEFAULT_DOMAIN = "docker.io";
const LEGACY_DEFAULT_DOMAIN = "index.docker.io";
const OFFICIAL_PREFIX = "library/";
export const DEFAULT_TAG = "latest";

const NAME_LIMIT = 255;

const DOMAIN_COMPONENT = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";

const REFERENCE = new RegExp(
  `^(${DOMAIN})/(${PATH_COMPONENT}(?:/${PATH_COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`,
);
const BARE_IMAGE_ID = /^[a-f0-9]{64}$/;

/** A name of an image in a registry. With a digest, the tag is only a remark. */
export interface Reference {
  /** Host and optional port, `docker.io`. */
  readonly domain: string;
  /** `library/alpine`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/**
 * Parses what people type, by docker's rules: `alpine` is `docker.io/library/alpine`, and a first part is a host
 * if it has a dot, a colon, an upper-case letter or is `localhost`. No tag is added: see {@link withDefaultTag}.
 *
 * @throws {InvalidDataError} with docker's words
 * @see https://github.com/distribution/reference (the grammar)
 */
export function parseReference(text: string): Reference {
  if (BARE_IMAGE_ID.test(text)) {
    throw new InvalidDataError(
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const { domain, remainder } = splitDomain(text);
  const name = remainder.split(/[:@]/, 1)[0]!;
  if (name !== name.toLowerCase()) {
    throw new InvalidDataError(`invalid reference format: repository name (${name}) must be lowercase`);
  }
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (match === null) throw new InvalidDataError("invalid reference format", { hint: hintFor(text) });
  const [, host = "", path = "", tag, digest] = match;
  if (host.length + 1 + path.length > NAME_LIMIT) {
    throw new InvalidDataError(`repository name must not be more than ${NAME_LIMIT} characters`);
  }
  return {
    domain: host,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest: parseDigest(digest) }),
  };
}

/** The reference with `:latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: DEFAULT_TAG };
}

/** Domain and path, `docker.io/library/alpine`. */
export function canonicalName({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

/** The one full spelling: `docker.io/library/alpine:3`, or `…@sha256:…`. A tag beside a digest is dropped. */
export function canonicalReference(reference: Reference): string {
  const { tag, digest } = reference;
  const name = canonicalName(reference);
  if (digest !== undefined) return `${name}@${digest}`;
  return tag === undefined ? name : `${name}:${tag}`;
}

/** What people read: without the default registry and its `library/`. */
export function familiarName({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  const isOfficial = path.startsWith(OFFICIAL_PREFIX) && !path.slice(OFFICIAL_PREFIX.length).includes("/");
  return isOfficial ? path.slice(OFFICIAL_PREFIX.length) : path;
}

/** The familiar name with all of tag and digest that was given. */
export function familiarReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${familiarName(reference)}${tag}${digest}`;
}

function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, slash);
  const hasDomain =
    slash !== -1 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const domain = hasDomain ? first : DEFAULT_DOMAIN;
  const remainder = hasDomain ? text.slice(slash + 1) : text;
  if (domain !== DEFAULT_DOMAIN && domain !== LEGACY_DEFAULT_DOMAIN) return { domain, remainder };
  const isOfficial = !remainder.includes("/");
  return { domain: DEFAULT_DOMAIN, remainder: isOfficial ? OFFICIAL_PREFIX + remainder : remainder };
}

function hintFor(text: string): string {
  if (/^https?:\/\//.test(text)) return "Leave out the scheme: HOST/NAME[:TAG]";
  return "Write [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST]";
}
