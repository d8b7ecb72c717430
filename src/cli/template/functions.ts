import { goString, goType, sprintf } from "./print.ts";

/** A function of templates. An error that it throws becomes `error calling NAME: …`. */
export type TemplateFunction = (...values: unknown[]) => unknown;

/** `and` and `or` stop at the first value that decides; the evaluator does them. */
const LAZY = ["and", "or"];

/** Go's own functions and those that docker adds. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error("missing argument for comparison");
    return others.some((other) => isEqual(first, other));
  },
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  not: (value) => !isTrue(value),
  len: (value) => lengthOf(value),
  index: (from, ...keys) => keys.reduce(indexOne, from),
  slice: (value, from = 0, to = lengthOf(value)) => sliceOf(value, toInteger(from), toInteger(to)),
  print: (...values) => printWords(values),
  println: (...values) => `${values.map(goString).join(" ")}\n`,
  printf: (format, ...values) => sprintf(toText(format), values),
  html: (...values) => printWords(values).replace(/[<>&'"]/g, (character) => `&${HTML[character]};`),
  urlquery: (...values) => encodeURIComponent(printWords(values)).replaceAll("%20", "+"),
  json: (value) => toJson(value),
  split: (text, separator) => toText(text).split(toText(separator)),
  join: (values, separator) => toList(values).map(goString).join(toText(separator)),
  title: (text) =>
    toText(text).replace(/(^|[^\p{L}\d_'])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  lower: (text) => toText(text).toLowerCase(),
  upper: (text) => toText(text).toUpperCase(),
  pad: (text, before, after) =>
    toText(text) && `${" ".repeat(toInteger(before))}${toText(text)}${" ".repeat(toInteger(after))}`,
  truncate: (text, length) => [...toText(text)].slice(0, toInteger(length)).join(""),
};

export const functionNames: ReadonlySet<string> = new Set([...Object.keys(functions), ...LAZY]);

const HTML: Readonly<Record<string, string>> = { "<": "lt", ">": "gt", "&": "amp", "'": "#39", '"': "#34" };

/** Go's idea of what is empty: false, 0, nil, and any string, list or map without content. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value);
}

/** One line of JSON, as docker's `json` function prints it. */
export function toJson(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function isEqual(a: unknown, b: unknown): boolean {
  const [kindA, kindB] = [typeof a, typeof b];
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (kindA === "object" || kindB === "object") throw new Error("non-comparable type");
  if (kindA !== kindB) throw new Error("incompatible types for comparison");
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) throw new Error("incompatible types for comparison");
  if (typeof a === "string") return a === b ? 0 : a < (b as string) ? -1 : 1;
  if (typeof a === "number") return a - (b as number);
  throw new Error("invalid type for comparison");
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value === null || value === undefined) throw new Error("len of nil pointer");
  if (typeof value === "object") return Object.keys(value).length;
  throw new Error(`len of type ${goType(value)}`);
}

function indexOne(from: unknown, key: unknown): unknown {
  if (from === null || from === undefined) throw new Error("index of untyped nil");
  if (typeof from === "string" || Array.isArray(from)) {
    if (typeof key !== "number") throw new Error(`cannot index slice/array with type ${goType(key)}`);
    const items = typeof from === "string" ? Buffer.from(from) : from;
    if (!Number.isInteger(key) || key < 0 || key >= items.length)
      throw new Error(`index out of range: ${key}`);
    return items[key];
  }
  if (typeof from !== "object") throw new Error(`can't index item of type ${goType(from)}`);
  if (typeof key !== "string") throw new Error(`value has type ${goType(key)}; should be string`);
  // A key that is not there gives the zero value; the maps that people index hold strings.
  return Object.hasOwn(from, key) ? (from as Record<string, unknown>)[key] : "";
}

function sliceOf(value: unknown, from: number, to: number): unknown {
  if (from < 0 || to > lengthOf(value) || from > to)
    throw new Error(`index out of range: ${Math.max(from, to)}`);
  if (typeof value === "string") return Buffer.from(value).subarray(from, to).toString();
  if (Array.isArray(value)) return value.slice(from, to);
  throw new Error(`can't slice item of type ${goType(value)}`);
}

/** Go's Sprint: a space between two values when neither is a string. */
function printWords(values: readonly unknown[]): string {
  return values
    .map((value, at) => {
      const spaced = at > 0 && typeof value !== "string" && typeof values[at - 1] !== "string";
      return (spaced ? " " : "") + goString(value);
    })
    .join("");
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`wrong type for value; expected string; got ${goType(value)}`);
}

function toInteger(value: unknown): number {
  if (Number.isInteger(value)) return value as number;
  throw new Error(`wrong type for value; expected int; got ${goType(value)}`);
}

function toList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`wrong type for value; expected []string; got ${goType(value)}`);
}
