/**
 * The records of a pax extended header: `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.
 *
 * @see POSIX.1-2017 pax, "pax Extended Header"
 */
import type { TarTime } from "./entry.ts";

const SPACE = 0x20;
const ZERO = 0x30;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** More digits than any length below the header limit has. */
const LENGTH_DIGITS_MAX = 9;
const NANOSECOND_DIGITS = 9;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Records by key; a later record replaces an earlier one, and an empty value stays, for it cancels a global one. */
export type PaxRecords = Map<string, Uint8Array>;

/**
 * Parses the body of an extended header.
 *
 * @returns the records, or the reason why it is not one
 */
export function parsePax(body: Uint8Array): PaxRecords | string {
  const records: PaxRecords = new Map();
  for (let start = 0; start < body.length;) {
    let length = 0;
    let space = start;
    for (; space < body.length && body[space] !== SPACE; space++) {
      const digit = body[space]! - ZERO;
      if (digit < 0 || digit > 9 || space - start > LENGTH_DIGITS_MAX) return "a pax record has no length";
      length = length * 10 + digit;
    }
    const end = start + length;
    if (space === start || end > body.length || end <= space + 1) return "a pax record has a wrong length";
    const equals = body.indexOf(EQUALS, space);
    if (equals < 0 || equals >= end || equals === space + 1) return "a pax record has no key";
    if (body[end - 1] !== NEWLINE) return "a pax record does not end in a newline";
    records.set(decoder.decode(body.subarray(space + 1, equals)), body.subarray(equals + 1, end - 1));
    start = end;
  }
  return records;
}

/** Makes the body of an extended header. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, value] of records) {
    const head = encoder.encode(` ${key}=`);
    const rest = head.length + value.length + 1;
    let length = rest + String(rest).length;
    if (String(length).length !== String(rest).length) length = rest + String(length).length;
    parts.push(encoder.encode(String(length)), head, value, Uint8Array.of(NEWLINE));
  }
  return Buffer.concat(parts);
}

/**
 * A decimal number of seconds, as pax writes a time; digits below the nanosecond are dropped.
 *
 * It is taken apart as text: a double has not enough bits for nanoseconds since 1970.
 */
export function parsePaxTime(text: string): TarTime | undefined {
  const match = /^(-?)([0-9]{1,18})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ""] = match;
  const seconds = BigInt(whole!);
  const nanoseconds = Number(fraction.slice(0, NANOSECOND_DIGITS).padEnd(NANOSECOND_DIGITS, "0"));
  if (sign === "") return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1n, nanoseconds: 1e9 - nanoseconds };
}

/** A time as pax writes it. */
export function formatPaxTime({ seconds, nanoseconds }: TarTime): string {
  if (nanoseconds === 0) return String(seconds);
  const isNegative = seconds < 0n;
  const whole = isNegative ? -seconds - 1n : seconds;
  const fraction = isNegative ? 1e9 - nanoseconds : nanoseconds;
  const digits = String(fraction).padStart(NANOSECOND_DIGITS, "0").replace(/0+$/, "");
  return `${isNegative ? "-" : ""}${whole}.${digits}`;
}

/** A whole number from a record; `undefined` for anything else, a minus included, and beyond 2^53. */
export function parsePaxNumber(text: string): number | undefined {
  const value = Number(text);
  return /^[0-9]+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

const SCHILY = "SCHILY.xattr.";
const LIBARCHIVE = "LIBARCHIVE.xattr.";

/**
 * The extended attributes among the records: star's form has the value as it is, libarchive's has the name
 * URL-encoded and the value in base 64.
 */
export function xattrsOf(records: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const [key, value] of records) {
    if (key.startsWith(LIBARCHIVE)) {
      const name = percentDecoded(key.slice(LIBARCHIVE.length));
      if (!xattrs.has(name)) xattrs.set(name, Buffer.from(decoder.decode(value), "base64"));
    } else if (key.startsWith(SCHILY)) {
      xattrs.set(key.slice(SCHILY.length), value);
    }
  }
  return xattrs;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not URL-encoded after all.
  }
}
