const MIN_WIDTH = 10;
const PADDING = 3;

/**
 * Lays out lines whose cells are separated by tabs, as docker's tables are: columns at least ten wide, three spaces
 * apart, the last cell of a line left as it is. A column ends where a line has no cell in it.
 */
export function alignTable(text: string): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths: number[][] = lines.map(() => []);
  for (const [at, cells] of lines.entries()) {
    for (let column = 0; column < cells.length - 1; column++) {
      if (widths[at]![column] === undefined) setColumnWidth(lines, widths, at, column);
    }
  }
  return lines
    .map((cells, at) => cells.map((cell, column) => cell + padding(cell, widths[at]![column])).join(""))
    .join("\n");
}

/** Measures the block of neighbouring lines that have a cell in this column, from line `start` on. */
function setColumnWidth(lines: readonly string[][], widths: number[][], start: number, column: number): void {
  let end = start;
  let widest = MIN_WIDTH;
  while (end < lines.length && column < lines[end]!.length - 1) {
    widest = Math.max(widest, [...lines[end]![column]!].length + PADDING);
    end++;
  }
  for (let at = start; at < end; at++) widths[at]![column] = widest;
}

function padding(cell: string, width: number | undefined): string {
  return width === undefined ? "" : " ".repeat(width - [...cell].length);
}
