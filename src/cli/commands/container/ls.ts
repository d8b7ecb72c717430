import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, list, parseInteger, text, value } from "../../flags.ts";
import { containerColumns, containerHeaders, ContainerRow } from "../../format/container-row.ts";
import { formatList } from "../../format/list.ts";
import { print } from "../../output.ts";
import { collectFilters, parseFilter } from "../../values/filters.ts";

const FILTERS = [
  "id",
  "name",
  "label",
  "status",
  "ancestor",
  "before",
  "since",
  "exited",
  "network",
  "volume",
];

export default defineVerb({
  names: ["container ls", "container list", "container ps", "ps"],
  summary: "List containers",
  usage: "[OPTIONS]",
  operands: { min: 0, max: 0 },
  flags: {
    all: bool("Show all containers (default shows just running)", "a"),
    filter: list("Filter output based on conditions provided", "f", parseFilter, { hint: "filter" }),
    format: text(
      "Format output using a custom template:\n'table':            Print output in table format with column headers (default)\n" +
        "'table TEMPLATE':   Print output in table format using the given Go template\n" +
        "'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template.",
    ),
    last: value("int", parseInteger, "Show n last created containers (includes all states)", "n", {
      defaultText: "-1",
    }),
    latest: bool("Show the latest created container (includes all states)", "l"),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only display container IDs", "q"),
    size: bool("Display total file sizes", "s"),
  },
  async run({ flags, globals }) {
    const filters = collectFilters(flags.filter, FILTERS);
    const last = flags.latest ? 1 : flags.last !== undefined && flags.last > 0 ? flags.last : undefined;
    const size = flags.size || (!flags.quiet && /\.Size\b/.test(flags.format ?? ""));
    const all = flags.all || last !== undefined || filters.has("status") || filters.has("exited");
    using engine = await openEngine(globals);
    const containers = await engine.containers.list({
      all,
      filters,
      size,
      ...(last === undefined ? {} : { last }),
    });
    const options = { nowMs: Date.now(), truncate: !flags["no-trunc"] };
    const rows = containers.map((container) => new ContainerRow(container, options));
    const format = flags.quiet && (flags.format ?? "table") === "table" ? "{{.ID}}" : flags.format;
    const defaultColumns = flags.quiet ? "{{.ID}}" : containerColumns(flags.size);
    print(formatList(rows, { format, defaultColumns, headers: containerHeaders }));
    return 0;
  },
});
