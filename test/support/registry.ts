/**
 * A registry in this process, which serves made-up images, asks for passwords, and misbehaves on request.
 */
import { createTar } from "nanotar";
import { type Digest, digestOf } from "../../src/spec/digest.ts";
import { MediaType } from "../../src/spec/media-type.ts";

export type Compression = "gzip" | "zstd" | "none";

export interface TestLayer {
  /** File names and contents. */
  readonly files: Readonly<Record<string, string>>;
  readonly compression?: Compression;
}

export interface TestImage {
  readonly layers: readonly TestLayer[];
  /** Docker's media types instead of the OCI's. */
  readonly docker?: boolean;
  readonly architecture?: string;
  readonly variant?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly created?: string;
  /** Replaces the diffIDs in the config: for images that lie. */
  readonly diffIds?: readonly string[];
}

export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface PushedImage extends TestDescriptor {
  readonly config: TestDescriptor;
  readonly layers: readonly TestDescriptor[];
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/** Answers in the registry's place; `undefined` leaves the request to it. */
export type Misbehaviour = (request: Request, url: URL) => Response | Promise<Response> | undefined;

export type Login =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A token server, which asks for the password if there is one. */
  | { readonly kind: "token"; readonly username?: string; readonly password?: string };

const LAYER_TYPES = {
  oci: { gzip: MediaType.OCI_LAYER_GZIP, zstd: MediaType.OCI_LAYER_ZSTD, none: MediaType.OCI_LAYER },
  docker: {
    gzip: MediaType.DOCKER_LAYER_GZIP,
    zstd: MediaType.DOCKER_LAYER_ZSTD,
    none: MediaType.DOCKER_LAYER,
  },
} as const;

export class TestRegistry implements Disposable {
  /** Requests so far, `GET /v2/…`. */
  readonly log: string[] = [];
  /** Authorization headers so far, in step with {@link log}. */
  readonly authorizations: (string | null)[] = [];
  misbehave: Misbehaviour | undefined;
  login: Login = { kind: "none" };
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, { bytes: Uint8Array; mediaType: string }>();
  readonly #server: Bun.Server<undefined>;

  constructor(options: { tls?: { key: string; cert: string } } = {}) {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request) => this.#answer(request),
      ...(options.tls !== undefined && { tls: options.tls }),
    });
  }

  /** `127.0.0.1:PORT`, for references. */
  get host(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  /** Adds an image; without a tag it is only there by digest, as an index's part is. */
  async push(image: TestImage, tag?: string): Promise<PushedImage> {
    const family = image.docker === true ? "docker" : "oci";
    const layers: TestDescriptor[] = [];
    const diffIds: string[] = [];
    for (const { files, compression = "gzip" } of image.layers) {
      const tar = createTar(
        Object.entries(files).map(([name, data]) => ({ name, data, attrs: { mtime: 0 } })),
      );
      diffIds.push(digestOf(tar));
      layers.push(this.#addBlob(await compress(tar, compression), LAYER_TYPES[family][compression]));
    }
    const platform = {
      os: "linux",
      architecture: image.architecture ?? (process.arch === "arm64" ? "arm64" : "amd64"),
      ...(image.variant !== undefined && { variant: image.variant }),
    };
    const config = this.#addBlob(
      encode({
        ...platform,
        created: image.created ?? "2024-01-01T00:00:00Z",
        config: { Cmd: ["sh"], ...image.config },
        rootfs: { type: "layers", diff_ids: image.diffIds ?? diffIds },
      }),
      family === "docker" ? MediaType.DOCKER_CONFIG : MediaType.OCI_CONFIG,
    );
    const mediaType = family === "docker" ? MediaType.DOCKER_MANIFEST : MediaType.OCI_MANIFEST;
    const manifest = { schemaVersion: 2, mediaType, config, layers };
    return { ...this.pushDocument(manifest, mediaType, tag), config, layers, platform };
  }

  /** Adds an index of images that were pushed. */
  pushIndex(images: readonly PushedImage[], tag: string, docker = false): TestDescriptor {
    const manifests = images.map(({ mediaType, digest, size, platform }) => ({
      mediaType,
      digest,
      size,
      platform,
    }));
    const mediaType = docker ? MediaType.DOCKER_INDEX : MediaType.OCI_INDEX;
    return this.pushDocument({ schemaVersion: 2, mediaType, manifests }, mediaType, tag);
  }

  /** Adds any manifest, however wrong. */
  pushDocument(document: unknown, mediaType: string, tag?: string): TestDescriptor {
    const bytes = encode(document);
    const digest = digestOf(bytes);
    for (const name of tag === undefined ? [digest] : [digest, tag])
      this.#manifests.set(name, { bytes, mediaType });
    return { mediaType, digest, size: bytes.length };
  }

  /** A blob's bytes, for misbehaviours that change them. */
  blob(digest: Digest): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#blobs.get(digest)!);
  }

  /** A manifest as it is served. */
  manifestBytes(name: string): Uint8Array {
    return this.#manifests.get(name)!.bytes;
  }

  /** How often a path that ends like this was asked for. */
  count(ending: string): number {
    return this.log.filter((line) => line.endsWith(ending)).length;
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }

  #addBlob(bytes: Uint8Array, mediaType: string): TestDescriptor {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    this.log.push(`${request.method} ${url.pathname}`);
    this.authorizations.push(request.headers.get("authorization"));
    const misbehaviour = await this.misbehave?.(request, url);
    if (misbehaviour !== undefined) return misbehaviour;
    if (url.pathname === "/token") return this.#token(request, url);
    if (!this.#isLoggedIn(request)) return this.#challenge();
    const [, kind = "", name = ""] = /^\/v2\/[^:]+?\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (kind === "manifests") return this.#manifest(name);
    const bytes = this.#blobs.get(name);
    return bytes === undefined ? failure(404, "BLOB_UNKNOWN") : ranged(bytes, request.headers.get("range"));
  }

  #manifest(name: string): Response {
    const manifest = this.#manifests.get(name);
    if (manifest === undefined) return failure(404, "MANIFEST_UNKNOWN");
    const { bytes, mediaType } = manifest;
    return new Response(new Uint8Array(bytes), {
      headers: { "content-type": mediaType, "docker-content-digest": digestOf(bytes) },
    });
  }

  #isLoggedIn(request: Request): boolean {
    const { login } = this;
    const authorization = request.headers.get("authorization");
    if (login.kind === "none") return true;
    if (login.kind === "token") return authorization === "Bearer good.token";
    return authorization === basic(login.username, login.password);
  }

  #challenge(): Response {
    const realm = `http://${this.host}/token`;
    const bearer = `Bearer realm="${realm}",service="test",scope="repository:a/b:pull,push"`;
    const challenge = this.login.kind === "basic" ? 'Basic realm="test"' : bearer;
    return failure(401, "UNAUTHORIZED", { "www-authenticate": challenge });
  }

  #token(request: Request, url: URL): Response {
    const { login } = this;
    if (login.kind !== "token" || url.searchParams.get("service") !== "test")
      return failure(400, "UNSUPPORTED");
    if (url.searchParams.get("scope") !== "repository:a/b:pull,push") return failure(400, "UNSUPPORTED");
    const isKnown =
      login.username === undefined ||
      request.headers.get("authorization") === basic(login.username, login.password ?? "");
    return isKnown ? Response.json({ token: "good.token", expires_in: 300 }) : failure(401, "UNAUTHORIZED");
  }
}

/** An error as the distribution spec has it. */
export function failure(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] },
    { status, headers },
  );
}

function ranged(bytes: Uint8Array, range: string | null): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) return new Response(new Uint8Array(bytes));
  return new Response(new Uint8Array(bytes.subarray(from)), { status: 206 });
}

function basic(username: string, password: string): string {
  return `Basic ${btoa(`${username}:${password}`)}`;
}

function encode(document: unknown): Uint8Array {
  return new TextEncoder().encode(typeof document === "string" ? document : JSON.stringify(document));
}

async function compress(tar: Uint8Array, compression: Compression): Promise<Uint8Array> {
  const bytes = new Uint8Array(tar);
  if (compression === "gzip") return Bun.gzipSync(bytes);
  return compression === "zstd" ? await Bun.zstdCompress(bytes) : bytes;
}
