/**
 * A thing with fields and methods that templates can reach, such as a line of `ps`: Go calls it a struct.
 *
 * Unlike in a map, asking for a field that is not there is an error that names the type.
 */
export abstract class Struct {
  /** The type's name in error messages: `*formatter.ContainerContext`. */
  abstract readonly goType: string;
}

/** Formats a value as Go's `%v` does: `[a b]`, `map[k:v]`, `<nil>`. */
export function goString(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goString).join(" ")}]`;
  if (typeof value === "object") {
    const keys = Object.keys(value).sort();
    return `map[${keys.map((key) => `${key}:${goString((value as Record<string, unknown>)[key])}`).join(" ")}]`;
  }
  return String(value);
}

/** The name of a value's type in Go. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof Struct) return value.goType;
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  return { string: "string", boolean: "bool" }[typeof value as string] ?? "map[string]interface {}";
}

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** Go's Sprintf, for the verbs that make sense on JSON values. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let used = 0;
  const text = format.replace(VERB, (_, flags: string, width, precision, verb: string) => {
    if (verb === "%") return "%";
    if (used >= values.length) return `%!${verb}(MISSING)`;
    const value = values[used++];
    const body = formatOne(verb, value, flags, precision === undefined ? undefined : Number(precision));
    return pad(body, flags, Number(width ?? 0), typeof value === "number");
  });
  const extra = values.slice(used).map((value) => `${goType(value)}=${goString(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

function pad(body: string, flags: string, width: number, numeric: boolean): string {
  if (flags.includes("-")) return body.padEnd(width);
  if (!flags.includes("0") || !numeric) return body.padStart(width);
  const sign = /^[+-]/.exec(body)?.[0] ?? "";
  return sign + body.slice(sign.length).padStart(width - sign.length, "0");
}

function formatOne(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  if (verb === "v") return flags.includes("#") ? goSyntax(value) : goString(value);
  if (verb === "T") return goType(value);
  const signed = (text: string) => (flags.includes("+") && !text.startsWith("-") ? `+${text}` : text);
  if (typeof value === "number") {
    const text = formatNumber(verb, value, flags, precision);
    if (text !== undefined) return "cU".includes(verb) ? text : signed(text);
  } else if (typeof value === "string") {
    if (verb === "s") return precision === undefined ? value : [...value].slice(0, precision).join("");
    if (verb === "q") return JSON.stringify(value);
    if (verb === "x" || verb === "X") {
      const hex = Buffer.from(value).toString("hex");
      return verb === "X" ? hex.toUpperCase() : hex;
    }
  } else if (typeof value === "boolean" && verb === "t") return String(value);
  else if (Array.isArray(value))
    return `[${value.map((each) => formatOne(verb, each, flags, precision)).join(" ")}]`;
  else if (verb === "s" && value !== null && typeof value === "object") return goString(value);
  return value === null || value === undefined
    ? `%!${verb}(<nil>)`
    : `%!${verb}(${goType(value)}=${goString(value)})`;
}

function formatNumber(verb: string, value: number, flags: string, precision = 6): string | undefined {
  const sharp = flags.includes("#");
  if (Number.isInteger(value)) {
    switch (verb) {
      case "d":
        return String(value);
      case "x":
        return `${sharp ? "0x" : ""}${value.toString(16)}`;
      case "X":
        return `${sharp ? "0X" : ""}${value.toString(16).toUpperCase()}`;
      case "o":
        return `${sharp ? "0" : ""}${value.toString(8)}`;
      case "b":
        return value.toString(2);
      case "c":
        return String.fromCodePoint(value);
      case "U":
        return `U+${value.toString(16).toUpperCase().padStart(4, "0")}`;
    }
  }
  switch (verb) {
    case "f":
    case "F":
      return value.toFixed(precision);
    case "e":
      return value.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2");
    case "g":
      return goNumber(value);
  }
  return undefined;
}

function goNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

function goSyntax(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : goString(value);
}
