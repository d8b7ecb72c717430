import { InvalidDataError } from "../errors.ts";

declare const brand: unique symbol;

/** A content digest in canonical form, `sha256:` and 64 lower-case hex digits, or `sha512:` and 128. */
export type Digest = string & { readonly [brand]: "Digest" };

export type DigestAlgorithm = "sha256" | "sha512";

/** Exact, so that a digest is always safe as a file name. */
const CANONICAL = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether `text` is a digest this program can verify. */
export function isDigest(text: string): text is Digest {
  return CANONICAL.test(text);
}

/**
 * The only way from text to a Digest.
 *
 * @throws {InvalidDataError} for another algorithm, a wrong length or upper-case hex
 * @see image-spec descriptor.md "Digests"
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidDataError(
    `Cannot use digest "${text.slice(0, 200)}": not a canonical sha256 or sha512 digest`,
  );
}

/** The part before the colon. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The hex digits after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The digest of bytes that are all in memory. */
export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = "sha256"): Digest {
  const hex = new Bun.CryptoHasher(algorithm).update(bytes).digest("hex");
  return `${algorithm}:${hex}` as Digest;
}

/** The form in tables: the first 12 hex digits. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(":") + 1).slice(0, 12);
}
