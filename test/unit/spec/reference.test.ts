import { describe, expect, test } from "bun:test";
import { InvalidDataError } from "../../../src/errors.ts";
import {
  canonicalReference,
  familiarReference,
  parseReference,
  withDefaultTag,
} from "../../../src/spec/reference.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;

describe("a reference that people type means one image in one registry", () => {
  test.each([
    ["alpine", "docker.io/library/alpine:latest", "alpine:latest"],
    ["alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"],
    ["library/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
    ["docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
    ["index.docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
    ["docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
    ["user/app", "docker.io/user/app:latest", "user/app:latest"],
    ["library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
    ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
    ["localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest"],
    ["127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b:t"],
    ["[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"],
    ["quay.io/org/app_x.y-z__w", "quay.io/org/app_x.y-z__w:latest", "quay.io/org/app_x.y-z__w:latest"],
    ["HOST/app", "HOST/app:latest", "HOST/app:latest"],
    ["a--b", "docker.io/library/a--b:latest", "a--b:latest"],
    [
      "docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d",
      "docker.io/library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d:latest",
      "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d:latest",
    ],
    [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`, `alpine@${DIGEST}`],
    [`alpine:3@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`, `alpine:3@${DIGEST}`],
    ["app:A_b.C-d", "docker.io/library/app:A_b.C-d", "app:A_b.C-d"],
  ])("%s", (text, canonical, familiar) => {
    const reference = withDefaultTag(parseReference(text));
    expect(canonicalReference(reference)).toBe(canonical);
    expect(familiarReference(reference)).toBe(familiar);
  });
});

describe("what is no reference is refused with docker's words", () => {
  const format = "invalid reference format";
  test.each([
    ["", format],
    [":tag", format],
    ["alpine:", format],
    ["alpine@sha256:abc", format],
    ["alpine:-x", format],
    [`alpine:${"t".repeat(129)}`, format],
    ["a..b", format],
    ["a___b", format],
    ["-a", format],
    ["a-", format],
    ["a//b", format],
    ["a/b/", format],
    ["../a", format],
    ["https://docker.io/alpine", format],
    ["alpine 3", format],
    ["alpine\n", format],
    ["-host.io/a", format],
    ["Alpine", `${format}: repository name (library/Alpine) must be lowercase`],
    ["user/Alpine:x", `${format}: repository name (user/Alpine) must be lowercase`],
    ["quay.io/Org/app", `${format}: repository name (Org/app) must be lowercase`],
    [`${"a/".repeat(128)}a`, "repository name must not be more than 255 characters"],
    [
      "a".repeat(64),
      `invalid repository name (${"a".repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    ],
  ])("%j", (text, message) => {
    expect(() => parseReference(text)).toThrow(new InvalidDataError(message));
  });

  test("a digest in upper case is no canonical digest", () => {
    expect(() => parseReference(`alpine@${DIGEST.toUpperCase().replace("SHA", "sha")}`)).toThrow("canonical");
  });
});
