import { UsageError } from "../errors.ts";
import { parseDuration } from "./duration.ts";

const PATTERN = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Reads a moment as docker's `--since` and `--until` take it: RFC 3339 (parts may be left out, local
 * time without a zone), seconds since 1970 (`1700000000.5`), or a length of time before now (`10m`).
 *
 * @returns milliseconds since 1970, fractions included.
 * @throws {UsageError} when it is none of these.
 */
export function parseTimestamp(text: string, nowMs: number): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const match = PATTERN.exec(text);
  if (match) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = ""] = match;
    const whole = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
    if (!Number.isNaN(whole)) return whole + (fraction ? Number(fraction) * 1000 : 0);
  }
  if (/^[+-]?[\d.]/.test(text) && /[a-zµμ]$/.test(text) && !text.includes("T"))
    return nowMs - parseDuration(text);
  throw new UsageError(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}
