import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type PullOptions, pull } from "../../../src/image/pull.ts";
import { findImage } from "../../../src/image/resolve.ts";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import type { Digest } from "../../../src/spec/digest.ts";
import { MediaType } from "../../../src/spec/media-type.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { listImages, referencesOf } from "../../../src/store/images.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { rootTest } from "../../support/machine.ts";
import { failure, type TestImage, TestRegistry } from "../../support/registry.ts";
import { tempDir } from "../../support/temp-dir.ts";

const THREE_LAYERS: TestImage = {
  layers: [
    { files: { "etc/one": "1", "etc/both": "lower" }, compression: "gzip" },
    { files: { "etc/two": "2", "etc/both": "upper" }, compression: "zstd" },
    { files: { three: "3" }, compression: "none" },
  ],
  config: { Env: ["A=b"], Labels: null },
};

function openRoot(root: string) {
  const database = openDatabase(root);
  const layers = new LayerStore(database, storePaths(root));
  const run = (reference: string, options: Partial<PullOptions> = {}) =>
    pull(reference, {
      rootDir: root,
      database,
      target: new LayerUnpacker(layers),
      ...options,
      registry: {
        userAgent: "mini-docker/test",
        retry: { attempts: 3, firstDelayMs: 1 },
        timeouts: { headersMs: 1000, stallMs: 300 },
        ...options.registry,
      },
    });
  return { database, run };
}

const layerFolders = (root: string) => (existsSync(`${root}/layers`) ? readdirSync(`${root}/layers`) : []);
const ingestFolders = (root: string) => readdirSync(`${root}/image/ingest`);

describe("pull", () => {
  for (const docker of [false, true]) {
    const whose = docker ? "docker's" : "the OCI's";
    rootTest(`brings an image with ${whose} types, every compression`, async () => {
      using dir = tempDir("pull");
      using registry = new TestRegistry();
      const { database, run } = openRoot(dir.path);
      const pushed = await registry.push({ ...THREE_LAYERS, docker }, "v1");
      const seen: string[] = [];

      const pulled = await run(`${registry.host}/a/b:v1`, {
        progress: {
          message: (text) => seen.push(text),
          layer: (id, status) => seen.push(`${id}: ${status}`),
        },
      });

      expect(pulled).toEqual({
        reference: `${registry.host}/a/b:v1`,
        canonical: `${registry.host}/a/b:v1`,
        digest: pushed.digest,
        imageId: pushed.config.digest,
        upToDate: false,
      });
      const image = findImage(database, dir.path, `${registry.host}/a/b:v1`);
      expect(image.config).toEqual({ Cmd: ["sh"], Env: ["A=b"] });
      const read = (layer: number, name: string) =>
        readFileSync(`${image.layerDirectories[layer]}/${name}`, "utf8");
      expect([read(2, "etc/one"), read(1, "etc/both"), read(0, "three")]).toEqual(["1", "upper", "3"]);
      expect(seen[0]).toBe("v1: Pulling from a/b");
      const id = pushed.layers[0]!.digest.slice(7, 19);
      for (const status of [
        "Pulling fs layer",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
        "Extracting",
        "Pull complete",
      ]) {
        expect(seen).toContain(`${id}: ${status}`);
      }
      expect(ingestFolders(dir.path)).toEqual([]);
      const index = JSON.parse(readFileSync(`${dir.path}/image/index.json`, "utf8"));
      expect(index.manifests[0].annotations["org.opencontainers.image.ref.name"]).toBe(
        `${registry.host}/a/b:v1`,
      );
    });
  }

  rootTest("of an image that is here asks for nothing but its digest", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { run } = openRoot(dir.path);
    await registry.push(THREE_LAYERS, "latest");
    await run(`${registry.host}/a/b`);
    registry.log.length = 0;
    expect((await run(`${registry.host}/a/b`)).upToDate).toBe(true);
    expect(registry.log).toEqual(["HEAD /v2/a/b/manifests/latest"]);
  });

  rootTest("of a tag that moved brings only new layers, and the old image loses its name", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { database, run } = openRoot(dir.path);
    const old = await registry.push(THREE_LAYERS, "latest");
    await run(`${registry.host}/a/b`);
    const layers = [...THREE_LAYERS.layers, { files: { four: "4" } }];
    const next = await registry.push({ layers }, "latest");
    const seen: string[] = [];
    const progress = { message: () => {}, layer: (_: string, status: string) => seen.push(status) };
    expect((await run(`${registry.host}/a/b`, { progress })).imageId).toBe(next.config.digest);
    expect(seen.filter((status) => status === "Already exists")).toHaveLength(3);
    expect(referencesOf(database, old.config.digest)).toEqual([`${registry.host}/a/b@${old.digest}`]);
    for (const { digest } of old.layers) expect(registry.count(digest)).toBe(1);
  });

  rootTest("by digest, and through an index for the right platform", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { database, run } = openRoot(dir.path);
    const own = await registry.push(THREE_LAYERS);
    const arm = await registry.push({ layers: [{ files: { arm: "" } }], architecture: "arm", variant: "v6" });
    const index = registry.pushIndex([arm, own], "multi", true);
    expect(await run(`${registry.host}/a/b@${index.digest}`)).toMatchObject({
      imageId: own.config.digest,
      digest: index.digest,
    });
    expect((await run(`${registry.host}/a/b:multi`, { platform: "linux/arm/v7" })).imageId).toBe(
      arm.config.digest,
    );
    expect(listImages(database).map(({ platform }) => platform)).toContain("linux/arm/v6");
    expect((await run(`${registry.host}/a/b:multi`, { platform: "linux/arm/v7" })).upToDate).toBe(true);
    expect((await run(`${registry.host}/a/b:multi`)).imageId).toBe(own.config.digest);
  });

  rootTest("twice at once succeeds twice", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const [first, second] = [openRoot(dir.path), openRoot(dir.path)];
    const pushed = await registry.push(THREE_LAYERS, "latest");
    const pulled = await Promise.all([first.run(`${registry.host}/a/b`), second.run(`${registry.host}/a/b`)]);
    expect(pulled.map(({ imageId }) => imageId)).toEqual([pushed.config.digest, pushed.config.digest]);
    expect(layerFolders(dir.path)).toHaveLength(3);
    expect(ingestFolders(dir.path)).toEqual([]);
  });

  rootTest("with one layer twice fetches it once", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const layer = { files: { same: "same" } };
    const pushed = await registry.push({ layers: [layer, { files: { x: "" } }, layer] }, "latest");
    await openRoot(dir.path).run(`${registry.host}/a/b`);
    expect(registry.count(pushed.layers[0]!.digest)).toBe(1);
    expect(layerFolders(dir.path)).toHaveLength(3);
  });

  for (const kind of ["basic", "token"] as const) {
    rootTest(`with a password over ${kind} authentication`, async () => {
      using dir = tempDir("pull");
      using registry = new TestRegistry();
      registry.login = { kind, username: "ann", password: "p:w" };
      await registry.push(THREE_LAYERS, "latest");
      const { run } = openRoot(dir.path);
      await expect(run(`${registry.host}/a/b`)).rejects.toThrow(
        kind === "basic" ? "no basic auth credentials" : "unauthorized",
      );
      const credentials = {
        get: async () => ({ kind: "password", username: "ann", password: "p:w" }) as const,
      };
      await run(`${registry.host}/a/b`, { registry: { userAgent: "x", credentials } });
    });
  }

  rootTest("as a stranger, with a token", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    registry.login = { kind: "token" };
    await registry.push(THREE_LAYERS, "latest");
    await openRoot(dir.path).run(`${registry.host}/a/b`);
    expect(registry.count("/token")).toBe(1);
  });

  rootTest("follows a redirect to another host without its password", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    using storage = new TestRegistry();
    registry.login = { kind: "token" };
    await registry.push(THREE_LAYERS, "latest");
    await storage.push(THREE_LAYERS, "latest");
    registry.misbehave = (request, url) =>
      url.pathname.includes("/blobs/") && request.headers.has("authorization")
        ? Response.redirect(`http://${storage.host}${url.pathname}?signature=secret`, 307)
        : undefined;
    await openRoot(dir.path).run(`${registry.host}/a/b`);
    expect(storage.log.length).toBe(4);
    expect(new Set(storage.authorizations)).toEqual(new Set([null]));
  });
});

describe("a pull that goes wrong tells why, leaves nothing, and works when the cause is gone", () => {
  const isBlob = (url: URL, digest: Digest) => url.pathname.endsWith(`/blobs/${digest}`);
  const html = () => new Response("<!DOCTYPE html><p>Log in", { headers: { "content-type": "text/html" } });
  type Broken = (registry: TestRegistry, layer: Digest) => TestRegistry["misbehave"];

  const cases: [string, Broken, string][] = [
    [
      "a blob of other bytes",
      (registry, layer) => (_, url) => {
        if (!isBlob(url, layer)) return undefined;
        return new Response(registry.blob(layer).map((byte) => byte ^ 1));
      },
      "have the digest",
    ],
    [
      "a blob that is cut short",
      (registry, layer) => (_, url) =>
        isBlob(url, layer) ? new Response(registry.blob(layer).subarray(0, 20)) : undefined,
      "20 bytes announced instead of",
    ],
    [
      "a blob that goes on too long",
      (registry, layer) => (_, url) => (isBlob(url, layer) ? endless(registry.blob(layer)) : undefined),
      "longer than the announced",
    ],
    [
      "a blob that is missing",
      (_, layer) => (_r, url) => (isBlob(url, layer) ? failure(404, "BLOB_UNKNOWN") : undefined),
      "blob unknown",
    ],
    [
      "a blob that stalls",
      (_, layer) => (_r, url) => (isBlob(url, layer) ? stalled() : undefined),
      "stopped answering",
    ],
    [
      "a manifest of another type",
      (registry) => (_, url) => {
        if (!url.pathname.includes("/manifests/")) return undefined;
        const { mediaType: _type, ...manifest } = JSON.parse(
          new TextDecoder().decode(registry.manifestBytes("latest")),
        );
        return Response.json(manifest, { headers: { "content-type": MediaType.OCI_INDEX } });
      },
      "not of its media type",
    ],
    [
      "a manifest of another digest",
      () => (_, url) =>
        url.pathname.includes("/manifests/")
          ? Response.json({}, { headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` } })
          : undefined,
      "have the digest",
    ],
    ["HTML for JSON", () => html, "an HTML page instead of JSON"],
    ["a redirect loop", () => (_, url) => Response.redirect(url.href, 302), "more than 5 redirects"],
    [
      "a redirect to a file",
      () => () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
      "not http",
    ],
    ["a server that is out of order", () => () => new Response("oops", { status: 503 }), "answered 503"],
    ["a server with no time", () => () => failure(429, "TOOMANYREQUESTS"), "answered 429"],
    ["a refusal", () => () => failure(403, "DENIED"), "pull access denied for"],
    [
      "an unknown tag",
      () => (_, url) => (url.pathname.includes("/manifests/") ? failure(404, "MANIFEST_UNKNOWN") : undefined),
      "manifest for",
    ],
    ["an unknown name", () => () => failure(404, "NAME_UNKNOWN"), "not found: name unknown"],
    [
      "an endless manifest",
      () => (_, url) => (url.pathname.includes("/manifests/") ? endless(new Uint8Array(1 << 20)) : undefined),
      "more than 4194304 bytes",
    ],
  ];

  for (const [name, broken, message] of cases) {
    rootTest(name, async () => {
      using dir = tempDir("pull");
      using registry = new TestRegistry();
      const { database, run } = openRoot(dir.path);
      const pushed = await registry.push(THREE_LAYERS, "latest");
      registry.misbehave = broken(registry, pushed.layers[2]!.digest);

      await expect(run(`${registry.host}/a/b`)).rejects.toThrow(message);
      expect(listImages(database)).toEqual([]);
      expect(layerFolders(dir.path)).toEqual([]);
      expect(ingestFolders(dir.path)).toEqual([]);

      registry.misbehave = undefined;
      expect((await run(`${registry.host}/a/b`)).imageId).toBe(pushed.config.digest);
    });
  }

  rootTest("an index without our platform", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { run } = openRoot(dir.path);
    const other = await registry.push({ ...THREE_LAYERS, architecture: "s390x" });
    registry.pushIndex([other], "latest");
    await expect(run(`${registry.host}/a/b`)).rejects.toThrow("it offers linux/s390x");
    await registry.push({ ...THREE_LAYERS, architecture: "s390x" }, "lone");
    await expect(run(`${registry.host}/a/b:lone`, { platform: "linux/amd64" })).rejects.toThrow(
      "it offers linux/s390x",
    );
  });

  rootTest("a config whose diffIDs are not its layers'", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { database, run } = openRoot(dir.path);
    const zeros = `sha256:${"0".repeat(64)}`;
    await registry.push({ layers: [{ files: { x: "" } }], diffIds: [zeros] }, "latest");
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(run(`${registry.host}/a/b`)).rejects.toThrow("diffID");
      expect(listImages(database)).toEqual([]);
      expect(layerFolders(dir.path)).toEqual([]);
    }
  });

  rootTest("a stored blob that was damaged is fetched again", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const { run } = openRoot(dir.path);
    const pushed = await registry.push(THREE_LAYERS, "latest");
    registry.misbehave = (_, url) =>
      isBlob(url, pushed.layers[2]!.digest) ? failure(404, "BLOB_UNKNOWN") : undefined;
    await expect(run(`${registry.host}/a/b`)).rejects.toThrow("blob unknown");
    registry.misbehave = undefined;
    const stored = `${dir.path}/image/blobs/sha256/${pushed.layers[0]!.digest.slice(7)}`;
    if (existsSync(stored)) writeFileSync(stored, Buffer.alloc(pushed.layers[0]!.size));
    expect((await run(`${registry.host}/a/b`)).imageId).toBe(pushed.config.digest);
  });
});

describe("what passes is tried again", () => {
  rootTest("a failure of the server, once", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    await registry.push(THREE_LAYERS, "latest");
    const failed = new Set<string>();
    registry.misbehave = (_, url) => {
      if (failed.has(url.pathname)) return undefined;
      failed.add(url.pathname);
      return new Response("oops", { status: 500 });
    };
    await openRoot(dir.path).run(`${registry.host}/a/b`);
    expect(failed.size).toBe(5);
  });

  rootTest("a connection that is cut, from where it was cut", async () => {
    using dir = tempDir("pull");
    using registry = new TestRegistry();
    const [layer] = (
      await registry.push(
        { layers: [{ files: { big: "x".repeat(100_000) }, compression: "none" }] },
        "latest",
      )
    ).layers;
    using cutting = cuttingServer(registry.blob(layer!.digest), 50_000);
    const ranges: (string | null)[] = [];
    registry.misbehave = (request, url) => {
      if (!url.pathname.endsWith(layer!.digest)) return undefined;
      ranges.push(request.headers.get("range"));
      return ranges.length === 1 ? Response.redirect(cutting.url, 302) : undefined;
    };
    await openRoot(dir.path).run(`${registry.host}/a/b`);
    expect(ranges).toEqual([null, "bytes=50000-"]);
  });
});

/** Sends the bytes again and again, without saying how many there will be. */
function endless(bytes: Uint8Array): Response {
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(bytes) }));
}

function stalled(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.enqueue(Uint8Array.of(1)) }));
}

/** A server that announces all of the bytes, sends some, and hangs up. */
function cuttingServer(bytes: Uint8Array, count: number): Disposable & { readonly url: string } {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(Buffer.concat([Buffer.from(head), bytes.subarray(0, count)]));
        setTimeout(() => socket.end(), 50); // Bytes that come together with the end are lost to fetch.
      },
    },
  });
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.dispose]: () => server.stop(true) };
}
