import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/spec/digest.ts";
import { parseImageConfig } from "../../../src/spec/image-config.ts";
import { type ImageIndex, MANIFEST_LIMIT_BYTES, parseManifest } from "../../../src/spec/manifest.ts";
import { MediaType } from "../../../src/spec/media-type.ts";
import { formatPlatform, parsePlatform } from "../../../src/spec/platform.ts";
import { selectManifest } from "../../../src/spec/select-manifest.ts";

const config = { mediaType: MediaType.OCI_CONFIG, digest: digestOf("config"), size: 6 };
const layer = { mediaType: MediaType.OCI_LAYER_GZIP, digest: digestOf("layer"), size: 5 };
const manifest = { schemaVersion: 2, mediaType: MediaType.OCI_MANIFEST, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: MediaType.OCI_INDEX, manifests: [] as unknown[] };

const bytes = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));
const parse = (document: unknown, type: string = MediaType.OCI_MANIFEST) =>
  parseManifest(bytes(document), type, "x");

describe("a manifest is read", () => {
  test("with its digest and bytes", () => {
    const parsed = parse(manifest);
    expect(parsed).toMatchObject({ kind: "manifest", config, layers: [layer] });
    expect(parsed.digest).toBe(digestOf(parsed.bytes));
  });
  test("without a type of its own, by the announced one", () => {
    expect(parse({ ...manifest, mediaType: undefined }).mediaType).toBe(MediaType.OCI_MANIFEST);
  });
  test("by its own type where the server only says JSON", () => {
    expect(parse(manifest, "application/json").kind).toBe("manifest");
  });
  test("as an index when it lists manifests", () => {
    expect(parse(index, MediaType.OCI_INDEX).kind).toBe("index");
  });
  test("with null where a field may be left out", () => {
    expect(parse({ ...manifest, layers: [{ ...layer, annotations: null, platform: null }] }).kind).toBe(
      "manifest",
    );
  });
});

describe("a manifest is refused", () => {
  test.each([
    ["that is an index as well", { ...manifest, manifests: [] }, "a manifest and an index at once"],
    [
      "whose type is another than announced",
      { ...manifest, mediaType: MediaType.DOCKER_MANIFEST },
      "announced as",
    ],
    [
      "whose content is not of its type",
      { ...index, mediaType: MediaType.OCI_MANIFEST },
      "not of its media type",
    ],
    ["of a text's type", { ...manifest, mediaType: "text/plain" }, "announced as"],
    ["of schema 1", { schemaVersion: 1, fsLayers: [] }, "obsolete schema version 1"],
    ["of schema 3", { ...manifest, schemaVersion: 3 }, "schemaVersion"],
    ["without layers", { ...manifest, layers: undefined }, "layers"],
    [
      "with a path as digest",
      { ...manifest, config: { ...config, digest: "sha256:../../x" } },
      "config.digest",
    ],
    ["with a negative size", { ...manifest, layers: [{ ...layer, size: -1 }] }, "layers.0.size"],
    ["with a huge size", { ...manifest, layers: [{ ...layer, size: 1e300 }] }, "layers.0.size"],
    ["with too many layers", { ...manifest, layers: Array(501).fill(layer) }, "more than 500 layers"],
    [
      "of a chart",
      { ...manifest, config: { ...config, mediaType: "application/vnd.cncf.helm.config.v1+json" } },
      "no container image",
    ],
    [
      "with an unknown layer",
      { ...manifest, layers: [{ ...layer, mediaType: "a/b" }] },
      "unknown layer type",
    ],
    ["that is a list", [], "schemaVersion"],
    ["that is a word", "hello", "Object"],
  ])("%s", (_, document, message) => {
    expect(() => parse(document)).toThrow(message);
  });

  test.each([
    ["that is a web page", "<!DOCTYPE html><p>Log in", "an HTML page instead of JSON"],
    ["that is cut off", '{"schemaVersion": 2, "la', "not valid JSON"],
    ["that is empty", "", "not valid JSON"],
    ["that is nested without end", "[".repeat(200_000), "not valid JSON"],
    ["that is too long", " ".repeat(MANIFEST_LIMIT_BYTES + 1), "more than the limit"],
  ])("%s", (_, text, message) => {
    expect(() => parseManifest(new TextEncoder().encode(text), "", "x")).toThrow(message);
  });

  test("of no known type", () => {
    expect(() => parse({ ...manifest, mediaType: undefined }, "text/html")).toThrow(
      "not the media type of a manifest",
    );
  });

  test("that is not UTF-8", () => {
    expect(() => parseManifest(Uint8Array.of(0x7b, 0xff, 0x7d), "", "x")).toThrow("not UTF-8");
  });
});

describe("of an index the fitting manifest is chosen", () => {
  const entry = (platform: string | undefined, name = platform) => ({
    mediaType: MediaType.OCI_MANIFEST,
    digest: digestOf(name ?? ""),
    size: 1,
    ...(platform !== undefined && { platform: parsePlatform(platform) }),
  });
  const attestation = {
    ...entry("linux/amd64", "attestation"),
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
  };
  const unknown = { ...entry("unknown/unknown") };
  const choose = (entries: unknown[], platform: string) =>
    selectManifest(
      parse({ ...index, manifests: entries }, MediaType.OCI_INDEX) as ImageIndex,
      parsePlatform(platform),
      "x",
    );

  test.each([
    ["linux/arm64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/amd64/v3", "linux/amd64"],
    ["linux/arm/v6", "linux/arm/v6"],
  ])("%s", (wanted, chosen) => {
    const all = ["linux/386", "linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/arm/v6"].map((p) =>
      entry(p),
    );
    expect(formatPlatform(choose([unknown, attestation, ...all], wanted).platform!)).toBe(chosen);
  });

  test("also without a platform, if it is alone", () => {
    expect(choose([entry(undefined), unknown], "linux/amd64").digest).toBe(digestOf(""));
  });
  test("or the error lists what there is", () => {
    const entries = [
      attestation,
      unknown,
      entry("linux/s390x"),
      entry("windows/amd64"),
      entry("linux/s390x"),
    ];
    expect(() => choose(entries, "linux/amd64")).toThrow("it offers linux/s390x, windows/amd64");
    expect(() => choose([], "linux/amd64")).toThrow("it offers none");
  });
});

describe("an image config", () => {
  const document = {
    architecture: "amd64",
    os: "linux",
    config: { Env: ["A=b"], Cmd: null, ExposedPorts: { "80/tcp": {} }, Labels: null, Unknown: 1 },
    rootfs: { type: "layers", diff_ids: [digestOf("a")] },
    history: null,
  };
  test("is read without nulls and unknown keys", () => {
    expect(parseImageConfig(bytes(document), 1, "x")).toEqual({
      architecture: "amd64",
      os: "linux",
      config: { Env: ["A=b"], ExposedPorts: { "80/tcp": {} } },
      rootfs: { type: "layers", diff_ids: [digestOf("a")] },
    });
  });
  test("is refused with another number of layers than its manifest", () => {
    expect(() => parseImageConfig(bytes(document), 2, "x")).toThrow("1 diffIDs for 2 layers");
  });
  test.each([
    ["os", { ...document, os: 1 }],
    ["rootfs.type", { ...document, rootfs: { type: "x", diff_ids: [] } }],
    ["rootfs.diff_ids.0", { ...document, rootfs: { type: "layers", diff_ids: ["sha256:0"] } }],
    ["config.Env", { ...document, config: { Env: "A=b" } }],
    ["config.Labels.a", { ...document, config: { Labels: { a: 1 } } }],
  ])("is refused with a wrong %s", (path, wrong) => {
    expect(() => parseImageConfig(bytes(wrong), 1, "x")).toThrow(path);
  });
});
