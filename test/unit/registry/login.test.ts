import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { parseChallenge } from "../../../src/registry/challenge.ts";
import { DockerConfigFile } from "../../../src/registry/credentials.ts";
import { endpointsOf, isLoopback } from "../../../src/registry/endpoint.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("a challenge", () => {
  const bearer = {
    scheme: "bearer",
    realm: "https://auth.io/token",
    service: undefined,
    scope: undefined,
  } as const;
  test.each([
    ["Basic", { scheme: "basic" }],
    ['basic realm="x y, z"', { scheme: "basic" }],
    ['Bearer realm="https://auth.io/token"', bearer],
    [
      'Bearer realm="https://auth.io/token",service="r.io",scope="repository:a/b:pull,push"',
      { ...bearer, service: "r.io", scope: "repository:a/b:pull,push" },
    ],
    ["bearer  realm=https://auth.io/token , service=r.io", { ...bearer, service: "r.io" }],
    ['Basic realm="x", Bearer realm="https://auth.io/token"', bearer],
    ['Bearer realm="a\\"b"', { ...bearer, realm: 'a"b' }],
    ["Negotiate", undefined],
    ["Bearer", undefined],
    ["", undefined],
    ['=,"""', undefined],
  ] as const)("%s", (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge as never);
  });
});

describe("docker's config file", () => {
  const read = async (text: string, domain: string) => {
    using dir = tempDir("config");
    writeFileSync(`${dir.path}/config.json`, text);
    return await new DockerConfigFile(dir.path).get(domain);
  };
  const auths = (entry: unknown, key: string) => JSON.stringify({ auths: { [key]: entry } });
  const ann = { kind: "password", username: "ann", password: "p:w" } as const;
  const auth = btoa("ann:p:w");

  test.each([
    ["quay.io", "quay.io"],
    ["localhost:5000", "localhost:5000"],
    ["quay.io", "https://quay.io/v2/"],
    ["docker.io", "https://index.docker.io/v1/"],
  ])("has a password for %s under %s", async (domain, key) => {
    expect(await read(auths({ auth }, key), domain)).toEqual(ann);
  });
  test("has identity tokens, and passwords in the clear", async () => {
    expect(await read(auths({ auth, identitytoken: "t" }, "a.io"), "a.io")).toEqual({
      kind: "identity-token",
      token: "t",
    });
    expect(await read(auths({ username: "ann", password: "p:w" }, "a.io"), "a.io")).toEqual(ann);
  });
  test.each([
    "{}",
    '{"auths":null}',
    '{"auths":{"b.io":{}}}',
    '{"auths":{"a.io":{}}}',
    '{"auths":{"a.io":null}}',
    "[]",
  ])("may know nothing: %s", async (text) => {
    expect(await read(text, "a.io")).toBeUndefined();
  });
  test("may be missing", async () => {
    expect(await new DockerConfigFile("/nowhere").get("a.io")).toBeUndefined();
  });
  test("is refused when it is broken", async () => {
    await expect(read("{", "a.io")).rejects.toThrow("not valid JSON");
    await expect(read(auths({ auth: "!!!" }, "a.io"), "a.io")).rejects.toThrow("not base64 of name:password");
  });
});

describe("a registry is reached", () => {
  test.each(["localhost", "localhost:5000", "127.0.0.1:80", "127.1.2.3", "[::1]:5000"])(
    "at home by http too: %s",
    (domain) => {
      expect(isLoopback(domain)).toBe(true);
      expect(endpointsOf(domain, []).map(({ origin }) => origin)).toEqual([
        `https://${domain}`,
        `http://${domain}`,
      ]);
    },
  );
  test.each(["localhost.evil.io", "127.0.0.1.evil.io", "a.io", "10.0.0.1:5000", "[::2]"])(
    "elsewhere by https alone: %s",
    (domain) => {
      expect(endpointsOf(domain, ["other.io"])).toEqual([{ origin: `https://${domain}`, verifyTls: true }]);
    },
  );
  test("without checks when it is called insecure", () => {
    expect(endpointsOf("a.io:5000", ["a.io:5000"]).map(({ verifyTls }) => verifyTls)).toEqual([false, false]);
  });
  test("under Docker Hub's other name", () => {
    expect(endpointsOf("docker.io", [])[0]?.origin).toBe("https://registry-1.docker.io");
  });
});
