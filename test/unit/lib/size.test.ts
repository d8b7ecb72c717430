import { describe, expect, test } from "bun:test";
import { humanBinarySize, humanSize, parseSize } from "../../../src/lib/size.ts";

const KIB = 1024;

describe("parseSize", () => {
  test.each([
    ["0", 0],
    ["512", 512],
    ["512b", 512],
    ["1k", KIB],
    ["1kb", KIB],
    ["1KiB", KIB],
    ["64m", 64 * KIB ** 2],
    ["1.5g", 1.5 * KIB ** 3],
    ["1 GB", KIB ** 3],
    ["2T", 2 * KIB ** 4],
    ["1.g", KIB ** 3],
    ["0.3k", 307],
  ])("reads %p as docker does", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ["1q", "invalid suffix: 'q'"],
    ["1kib2", "invalid size: '1kib2'"],
    ["x", "invalid size: 'x'"],
    ["", "invalid size: ''"],
    ["-1", "invalid size: '-1'"],
    ["-2m", "invalid size: '-2m'"],
    ["1..2", "invalid size: '1..2'"],
  ])("refuses %p in docker's words", (text, message) => {
    expect(() => parseSize(text)).toThrow(message);
  });
});

test("sizes for people have three digits and powers of 1000", () => {
  expect([0, 999, 1000, 7_654_321, 123_456_789, 1_234_567].map((bytes) => humanSize(bytes))).toEqual([
    ...["0B", "999B", "1kB", "7.65MB", "123MB", "1.23MB"],
  ]);
  expect(humanBinarySize(64 * KIB ** 2)).toBe("64MiB");
  expect(humanBinarySize(1000 * KIB)).toBe("1000KiB");
});
