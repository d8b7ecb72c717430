import { UsageError } from "../../errors.ts";
import { splitAtEquals } from "./environment.ts";

/** Reads one `--filter`: `name=value`. */
export function parseFilter(given: string): readonly [name: string, value: string] {
  if (!given.includes("=")) throw new UsageError("bad format of filter (expected name=value)");
  const [name, value] = splitAtEquals(given);
  return [name.trim().toLowerCase(), value.trim()];
}

/**
 * Collects filters by name; several values of one name mean "any of them".
 *
 * @throws {UsageError} for a filter that the verb does not know: to ignore it would list too much.
 */
export function collectFilters(
  filters: readonly (readonly [string, string])[],
  known: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const collected = new Map<string, string[]>();
  for (const [name, value] of filters) {
    if (!known.includes(name))
      throw new UsageError(`invalid filter '${name}'`, { hint: `Known: ${known.join(", ")}` });
    const values = collected.get(name);
    if (values) values.push(value);
    else collected.set(name, [value]);
  }
  return collected;
}
