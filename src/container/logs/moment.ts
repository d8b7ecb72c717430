import { parseTimestamp } from "../../lib/timestamp.ts";

/** The first and the last moment that a record's time can name. */
const EARLIEST = "0000-01-01T00:00:00.000000000Z";
const LATEST = "9999-12-31T23:59:59.999999999Z";
const EARLIEST_SECONDS = Date.parse("0000-01-01T00:00:00Z") / 1000;
const LATEST_SECONDS = Date.parse("9999-12-31T23:59:59Z") / 1000;

/**
 * Reads docker's `--since` and `--until` as a moment in the log's own form, exact to the nanosecond: the time
 * that `logs -t` printed for a line names that very line.
 *
 * @param text RFC 3339 or a part of it, seconds since 1970 (`1700000000.5`), or a length of time before now
 *   (`10m`)
 * @throws {UsageError} when it is none of these
 */
export function parseMoment(text: string, nowMs: number): string {
  // A fraction is kept as digits: a double has room for microseconds only.
  const fraction = /^(-?\d+|.*T.*:\d\d)\.(\d+)(Z|[+-][\d:]+)?$/.exec(text);
  if (fraction) {
    const [, whole = "", digits = "", zone = ""] = fraction;
    const ms = parseTimestamp(whole + zone, nowMs);
    if (!whole.startsWith("-")) return moment(Math.floor(ms / 1000), digits.slice(0, 9).padEnd(9, "0"));
  }
  const ms = parseTimestamp(text, nowMs);
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6));
  return moment(seconds, String(nanoseconds).padStart(9, "0"));
}

/** Milliseconds since 1970 of a moment, rounded up. */
export function momentMs(text: string): number {
  return Math.ceil(Date.parse(`${text.slice(0, 19)}Z`) + Number(text.slice(19, 29)) * 1000);
}

function moment(seconds: number, fraction: string): string {
  if (seconds < EARLIEST_SECONDS) return EARLIEST;
  if (seconds > LATEST_SECONDS) return LATEST;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
