import { defineVerb } from "../../command.ts";
import { openEngine } from "../../open-engine.ts";
import { bool, later, list, text } from "../../flags.ts";
import { ImageRow, imageColumns, imageHeaders } from "../../format/image-row.ts";
import { formatList } from "../../format/list.ts";
import { print } from "../../output.ts";
import { collectFilters, parseFilter } from "../../values/filters.ts";

const FILTERS = ["before", "dangling", "label", "reference", "since"];

export default defineVerb({
  names: ["image ls", "image list", "images"],
  summary: "List images",
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  operands: { min: 0, max: 1 },
  flags: {
    all: bool("Show all images (default hides intermediate images)", "a"),
    digests: bool("Show digests"),
    filter: list("Filter output based on conditions provided", "f", parseFilter, { hint: "filter" }),
    format: text("Format output using a Go template, 'table TEMPLATE' or 'json'"),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only show image IDs", "q"),
    tree: later(""),
  },
  async run({ flags, operands, globals }) {
    const filters = collectFilters(flags.filter, FILTERS);
    const [name] = operands;
    using engine = await openEngine(globals);
    const images = await engine.images.list({
      all: flags.all,
      filters,
      ...(name === undefined ? {} : { name }),
    });
    const options = { nowMs: Date.now(), truncate: !flags["no-trunc"] };
    const rows = images.flatMap((image) => {
      const names = image.tags.length === 0 ? [undefined] : image.tags;
      return names.map((tag) => new ImageRow(image, tag, options));
    });
    const format = flags.quiet && (flags.format ?? "table") === "table" ? "{{.ID}}" : flags.format;
    print(formatList(rows, { format, defaultColumns: imageColumns(flags.digests), headers: imageHeaders }));
    return 0;
  },
});
