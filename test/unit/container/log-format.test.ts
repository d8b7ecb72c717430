import { describe, expect, test } from "bun:test";
import { formatRecord, LogRecord, STDERR, STDOUT } from "../../../src/container/logs/cri.ts";
import { momentMs, parseMoment } from "../../../src/container/logs/moment.ts";

const TIME = "2016-10-06T00:17:09.669794202Z";

function parse(line: string) {
  const bytes = new TextEncoder().encode(`${line}\n`);
  const record = new LogRecord();
  if (!record.parse(bytes, 0, bytes.length - 1)) return undefined;
  const part = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString();
  return {
    time: part(record.timestampStart, record.timestampEnd),
    stream: record.stream,
    partial: record.partial,
    text: part(record.textStart, record.textEnd),
  };
}

describe("LogRecord", () => {
  test.each([
    [`${TIME} stdout F The content`, { time: TIME, stream: STDOUT, partial: false, text: "The content" }],
    [`${TIME} stderr P piece `, { time: TIME, stream: STDERR, partial: true, text: "piece " }],
    [`${TIME} stdout F `, { time: TIME, stream: STDOUT, partial: false, text: "" }],
    [`${TIME} stdout F`, { time: TIME, stream: STDOUT, partial: false, text: "" }],
    [
      "2016-10-06T00:17:09+02:00 stdout F x",
      { time: "2016-10-06T00:17:09+02:00", stream: STDOUT, partial: false, text: "x" },
    ],
  ])("parses %j", (line, record) => {
    expect(parse(line)).toEqual(record);
  });

  test.each([
    "",
    " ",
    TIME,
    `${TIME} `,
    `${TIME} stdout`,
    `${TIME} stdout `,
    `${TIME} stdin F x`,
    `${TIME} stdout X x`,
    `${TIME} stdout FF x`,
    "{}",
  ])("takes %j for no record", (line) => {
    expect(parse(line)).toBeUndefined();
  });

  test("parses what formatRecord() makes", () => {
    const line = formatRecord({ timestamp: TIME, stream: "stderr", partial: true, text: "äöü F stdout" });

    expect(parse(line.trimEnd())).toEqual({
      time: TIME,
      stream: STDERR,
      partial: true,
      text: "äöü F stdout",
    });
  });
});

describe("parseMoment()", () => {
  const now = Date.parse("2024-05-06T07:08:09.123Z");

  test.each([
    [TIME, TIME],
    ["2016-10-06T02:17:09.5+02:00", "2016-10-06T00:17:09.500000000Z"],
    ["2016-10-06T00:17:09Z", "2016-10-06T00:17:09.000000000Z"],
    ["1136073600.000000001", "2006-01-01T00:00:00.000000001Z"],
    ["1136073600", "2006-01-01T00:00:00.000000000Z"],
    ["0", "1970-01-01T00:00:00.000000000Z"],
    ["10m", "2024-05-06T06:58:09.123000000Z"],
    ["1h30m", "2024-05-06T05:38:09.123000000Z"],
    ["99999999999999", "9999-12-31T23:59:59.999999999Z"],
  ])("reads %j", (text, moment) => {
    expect(parseMoment(text, now)).toBe(moment);
  });

  test.each(["", "yesterday", "10", "2016-13-40T00:00:00Z"])(
    "%j is a moment or an error, never something else",
    (text) => {
      let result: string;
      try {
        result = parseMoment(text, now);
      } catch (cause) {
        result = (cause as Error).message;
      }
      expect(result).toMatch(/^\d{4}-.*Z$|failed to parse value as time or duration/);
    },
  );

  test("momentMs() rounds up", () => {
    expect(momentMs("1970-01-01T00:00:01.000000001Z")).toBe(1001);
    expect(momentMs("1970-01-01T00:00:01.500000000Z")).toBe(1500);
  });
});
