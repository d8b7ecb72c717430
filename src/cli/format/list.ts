import { EngineError } from "../../errors.ts";
import { compileTemplate } from "../template/evaluate.ts";
import { Struct } from "../template/print.ts";
import { TemplateError } from "../template/template-error.ts";
import { alignTable } from "./table.ts";

/** One line of a list: what `{{.Name}}` can name. Methods take arguments: `{{.Label "x"}}`. */
export abstract class Row extends Struct {
  /** What `{{json .}}` prints. */
  abstract toJSON(): Record<string, unknown>;
}

export interface ListFormat {
  /** As `--format` has it; `undefined` and `table` mean the default columns. */
  readonly format: string | undefined;
  /** The template of the default table, without `table `. */
  readonly defaultColumns: string;
  /** The header of each field. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Prints rows as docker's lists do: a table with headers, or a line per row by a Go template.
 *
 * @throws {EngineError} when the template does not parse or names a field that is not there.
 */
export function formatList(rows: readonly Row[], { format, defaultColumns, headers }: ListFormat): string {
  const { template, isTable } = readFormat(format, defaultColumns);
  try {
    const compiled = compileTemplate(template);
    const lines = rows.map((row) => compiled.execute(row));
    if (!isTable) return lines.map((line) => `${line}\n`).join("");
    const header = compileTemplate(headerTemplate(template)).execute(new HeaderRow(headers));
    return alignTable(`${[header, ...lines].join("\n")}\n`);
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    throw new EngineError(`failed to ${cause.phase} template: ${cause.message}`, { cause });
  }
}

function readFormat(
  format: string | undefined,
  defaultColumns: string,
): { template: string; isTable: boolean } {
  if (format === undefined || format === "" || format === "table")
    return { template: defaultColumns, isTable: true };
  if (format === "json") return { template: "{{json .}}", isTable: false };
  const isTable = format.startsWith("table ");
  const template = (isTable ? format.slice("table ".length).trim() : format)
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n");
  return { template, isTable };
}

/** In the header, functions that change a value would change the column's name; docker leaves it alone. */
function headerTemplate(template: string): string {
  return template.replace(/\{\{[\s\S]*?\}\}/g, (action) =>
    action.replace(/\b(json|upper|lower|title|truncate)\b(?=[^"]*(?:"[^"]*"[^"]*)*$)/g, "print"),
  );
}

class HeaderRow extends Struct {
  override readonly goType = "formatter.SubHeaderContext";

  constructor(headers: Readonly<Record<string, string>>) {
    super();
    Object.assign(this, headers);
  }

  /** The header of `{{.Label "com.example.my-name"}}` is `my name`. */
  Label(name: string): string {
    return name.split(".").at(-1)!.replace(/[-_]/g, " ");
  }
}
