import type { Verb } from "./command.ts";
import { commands, commonVerbs, groups } from "./commands.ts";
import type { Flags } from "./flags.ts";
import { PROGRAM } from "./program.ts";

const WIDTH = 80;
/** How far a line may run beyond the wrap column rather than leave a very short one. */
const SLOP = 5;

/** The help of one verb, in docker's shape. */
export function verbHelp(verb: Verb, name: string): string {
  const sections = [`Usage:  ${PROGRAM} ${name} ${verb.usage}`, verb.summary];
  if (verb.names.length > 1) {
    sections.push(`Aliases:\n  ${verb.names.map((each) => `${PROGRAM} ${each}`).join(", ")}`);
  }
  const options = optionLines(verb.flags);
  if (options !== "") sections.push(`Options:\n${options}`);
  if (verb.notes !== undefined) sections.push(verb.notes);
  return `${sections.join("\n\n")}\n`;
}

/** What `mini-docker` alone prints. */
export function rootHelp(globalFlags: Flags): string {
  const shortest = commands.flatMap(({ names, summary }) => {
    const short = names.find((name) => !name.includes(" "));
    return short === undefined ? [] : [{ name: short, summary }];
  });
  const common = commonVerbs.flatMap((name) => shortest.filter((verb) => verb.name === name));
  const others = shortest
    .filter(({ name }) => !commonVerbs.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const grouped = Object.entries(groups).map(([name, summary]) => ({ name, summary }));
  return `${[
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    "A container engine in one file: no daemon, no helper programs",
    `Common Commands:\n${verbLines(common)}`,
    `Management Commands:\n${verbLines(grouped)}`,
    `Commands:\n${verbLines(others)}`,
    `Global Options:\n${optionLines(globalFlags)}`,
    `Run '${PROGRAM} COMMAND --help' for more information on a command.`,
  ].join("\n\n")}\n`;
}

/** The help of a group: `container`, `image`, `system`. */
export function groupHelp(group: string): string {
  const verbs = commands
    .filter(({ names }) => names[0]!.startsWith(`${group} `))
    .map(({ names, summary }) => ({ name: names[0]!.slice(group.length + 1), summary }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return `${[
    `Usage:  ${PROGRAM} ${group} COMMAND`,
    groups[group],
    `Commands:\n${verbLines(verbs)}`,
    `Run '${PROGRAM} ${group} COMMAND --help' for more information on a command.`,
  ].join("\n\n")}\n`;
}

function verbLines(verbs: readonly { name: string; summary: string }[]): string {
  const width = Math.max(...verbs.map(({ name }) => name.length), 9);
  return verbs.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`).join("\n");
}

function optionLines(flags: Flags): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => {
      const short = flag.alias === undefined ? "    " : `-${flag.alias}, `;
      const label = `  ${short}--${name}${flag.valueHint === "" ? "" : ` ${flag.valueHint}`}`;
      const fallback = flag.defaultText === undefined ? "" : ` (default ${flag.defaultText})`;
      return { label, description: flag.description + fallback };
    });
  const column = Math.max(0, ...rows.map(({ label }) => label.length)) + 3;
  return rows.map(({ label, description }) => label.padEnd(column) + wrapped(description, column)).join("\n");
}

/** Breaks text at spaces so that it fits beside `column`. */
function wrapped(text: string, column: number): string {
  const room = WIDTH - 1 - column - SLOP;
  const lines: string[] = [];
  let rest = text;
  while (rest !== "") {
    const newline = rest.slice(0, room).indexOf("\n");
    const space = rest.length <= room + SLOP && newline < 0 ? -1 : rest.slice(0, room).search(/\s\S*$/);
    const cut = newline >= 0 ? newline : space > 0 ? space : rest.length;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut + 1);
  }
  return lines.join(`\n${" ".repeat(column)}`);
}
