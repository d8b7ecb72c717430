import { describe, expect, test } from "bun:test";
import { humanDuration, parseDuration } from "../../../src/lib/duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("humanDuration", () => {
  test.each([
    [0, "Less than a second"],
    [999, "Less than a second"],
    [SECOND, "1 second"],
    [59 * SECOND, "59 seconds"],
    [MINUTE, "About a minute"],
    [119 * SECOND, "About a minute"],
    [2 * MINUTE, "2 minutes"],
    [59 * MINUTE, "59 minutes"],
    [HOUR, "About an hour"],
    [89 * MINUTE, "About an hour"],
    [90 * MINUTE, "2 hours"],
    [47 * HOUR, "47 hours"],
    [2 * DAY, "2 days"],
    [13 * DAY, "13 days"],
    [14 * DAY, "2 weeks"],
    [59 * DAY, "8 weeks"],
    [60 * DAY, "2 months"],
    [400 * DAY, "13 months"],
    [730 * DAY, "2 years"],
  ])("%d ms: %s", (milliseconds, words) => {
    expect(humanDuration(milliseconds)).toBe(words);
  });
});

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["10s", 10 * SECOND],
    ["1.5h", 1.5 * HOUR],
    ["2m30s", 150 * SECOND],
    ["-10m", -10 * MINUTE],
    [".5s", 500],
    ["100ms", 100],
    ["1us", 0.001],
  ])("reads %p as Go does", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(["", "x", "10", "s", "1.2.3s", "10 s"])("refuses %p", (text) => {
    expect(() => parseDuration(text)).toThrow("time: invalid duration");
  });

  test("names an unknown unit", () => {
    expect(() => parseDuration("3d")).toThrow('time: unknown unit "d" in duration "3d"');
  });
});
