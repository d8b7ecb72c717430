import { expect, test } from "bun:test";
import {
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  parsePlatform,
} from "../../../src/spec/platform.ts";

test.each([
  ["linux/amd64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/x86_64", "linux/amd64"],
  ["aarch64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/6", "linux/arm/v6"],
  ["armhf", "linux/arm/v7"],
  ["Linux/AMD64", "linux/amd64"],
  ["windows/amd64", "windows/amd64"],
  ["linux", formatPlatform(hostPlatform())],
])("%s is %s", (text, normal) => {
  expect(formatPlatform(parsePlatform(text))).toBe(normal);
});

test.each(["", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux/../x"])("%j is no platform", (text) => {
  expect(() => parsePlatform(text)).toThrow("os/arch[/variant]");
});

test.each([
  ["linux/amd64", "linux/amd64 linux/386"],
  ["linux/amd64/v3", "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386"],
  ["linux/arm64", "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5"],
  ["linux/arm/v6", "linux/arm/v6 linux/arm/v5"],
  ["linux/riscv64", "linux/riscv64"],
])("%s runs, best first, %s", (text, list) => {
  expect(compatiblePlatforms(parsePlatform(text)).map(formatPlatform).join(" ")).toBe(list);
});
