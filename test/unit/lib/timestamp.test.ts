import { expect, test } from "bun:test";
import { parseTimestamp } from "../../../src/lib/timestamp.ts";

const NOW = Date.parse("2026-01-02T12:00:00Z");

test.each([
  ["2013-01-02T13:23:37Z", Date.parse("2013-01-02T13:23:37Z")],
  ["2013-01-02T13:23:37.250Z", Date.parse("2013-01-02T13:23:37.250Z")],
  ["2013-01-02T13:23:37+02:00", Date.parse("2013-01-02T11:23:37Z")],
  ["2013-01-02", new Date(2013, 0, 2).getTime()],
  ["2013-01-02T13:23", new Date(2013, 0, 2, 13, 23).getTime()],
  ["1136073845", 1_136_073_845_000],
  ["1136073845.5", 1_136_073_845_500],
  ["10m", NOW - 600_000],
  ["1h30m", NOW - 5_400_000],
])("reads %p as docker does", (text, moment) => {
  expect(parseTimestamp(text, NOW)).toBe(moment);
});

test.each(["", "foo", "2020-13-01", "10x", "yesterday"])("refuses %p", (text) => {
  expect(() => parseTimestamp(text, NOW)).toThrow();
});
