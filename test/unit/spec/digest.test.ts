import { expect, test } from "bun:test";
import { chainIds } from "../../../src/spec/chain-id.ts";
import { digestHex, digestOf, isDigest, parseDigest, shortId } from "../../../src/spec/digest.ts";
import { classifyLayerName } from "../../../src/spec/whiteout.ts";

const EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("a digest of bytes has the canonical form", () => {
  expect(digestOf("")).toBe(parseDigest(EMPTY));
  expect(digestOf("", "sha512")).toHaveLength("sha512:".length + 128);
  expect(isDigest(digestOf("", "sha512"))).toBe(true);
  expect(digestHex(parseDigest(EMPTY))).toBe(EMPTY.slice(7));
  expect(shortId(EMPTY)).toBe("e3b0c44298fc");
});

test.each([
  "",
  "sha256:",
  EMPTY.slice(7),
  EMPTY.toUpperCase(),
  `${EMPTY}0`,
  `${EMPTY}\n`,
  "md5:d41d8cd98f00b204",
  `sha256:../../${"a".repeat(58)}`,
  `sha512:${"a".repeat(64)}`,
])("%j is no digest", (text) => {
  expect(() => parseDigest(text)).toThrow("not a canonical");
});

test("a chainID covers the layer and all below it", () => {
  const [a, b, c] = [digestOf("a"), digestOf("b"), digestOf("c")];
  const second = digestOf(`${a} ${b}`);
  expect(chainIds([a, b, c])).toEqual([a, second, digestOf(`${second} ${c}`)] as never[]);
  expect(chainIds([])).toEqual([]);
});

test("names of a layer are entries, whiteouts or aufs's own", () => {
  expect(classifyLayerName("wh.x")).toEqual({ kind: "entry" });
  expect(classifyLayerName(".wh.x")).toEqual({ kind: "whiteout", target: "x" });
  expect(classifyLayerName(".wh..")).toEqual({ kind: "whiteout", target: "." });
  expect(classifyLayerName(".wh..wh..opq")).toEqual({ kind: "opaque" });
  expect(classifyLayerName(".wh..wh.plnk")).toEqual({ kind: "metadata" });
});
