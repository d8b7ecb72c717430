/** A list's numbers must stay below this: more CPUs than any kernel has. */
const MAX = 8192;

/**
 * Reads a list as cpuset(7) has it, `0-2,4`: numbers and ranges, in any order.
 *
 * @returns the numbers, ascending; `undefined` when the text is no such list, or is empty
 */
export function parseNumberList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.trim().split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (last < first || last >= MAX) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}
