import { UsageError } from "../errors.ts";

const UNITS = "kmgtp";

/**
 * Reads a size as docker writes them: `512`, `64m`, `1.5g`, `1GiB`. Units are powers of 1024, in either case.
 *
 * @returns whole bytes, rounded down.
 * @throws {UsageError} in docker's words, when it is negative, has an unknown unit or is no number.
 */
export function parseSize(text: string): number {
  const match = /^([\d.]+) ?([a-z]*)$/i.exec(text);
  const amount = Number(match?.[1]);
  if (!match || match[1] === "" || Number.isNaN(amount)) throw badSize(text);
  const suffix = match[2]!.toLowerCase();
  if (suffix === "" || suffix === "b") return Math.floor(amount);
  const power = UNITS.indexOf(suffix[0]!) + 1;
  if (power === 0 || !["", "b", "ib"].includes(suffix.slice(1)))
    throw new UsageError(`invalid suffix: '${suffix}'`);
  return Math.floor(amount * 1024 ** power);
}

function badSize(text: string): UsageError {
  const suffix = /^[\d.]*\d ?(\D+)$/.exec(text)?.[1];
  return new UsageError(suffix ? `invalid suffix: '${suffix}'` : `invalid size: '${text}'`);
}

/**
 * A size for people, in powers of 1000 as docker's tables have it: `7.65MB`.
 *
 * @param digits significant digits
 */
export function humanSize(bytes: number, digits = 3): string {
  return scaled(bytes, 1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits);
}

/** A size for people, in powers of 1024: `64MiB`. */
export function humanBinarySize(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}
