import { expect, test } from "bun:test";
import { BarDisplay, LineDisplay } from "../../../src/cli/progress.ts";

function recorder() {
  const written: string[] = [];
  return { written, write: (text: string) => void written.push(text) };
}

test("without a terminal each new state of a layer is a line, byte counts are not", () => {
  const { written, write } = recorder();
  const display = new LineDisplay(write);

  display.message("3.20: Pulling from library/alpine");
  display.layer("aaa", "Pulling fs layer");
  display.layer("aaa", "Downloading", { current: 1, total: 10 });
  display.layer("aaa", "Downloading", { current: 9, total: 10 });
  display.layer("aaa", "Pull complete");
  display.layer("aaa", "Pull complete");
  display.finish();

  expect(written.join("")).toBe(
    "3.20: Pulling from library/alpine\naaa: Pulling fs layer\naaa: Pull complete\n",
  );
});

test("on a terminal a layer keeps its line, which is drawn again in place", () => {
  const { written, write } = recorder();
  const display = new BarDisplay(write);

  display.message("latest: Pulling from x");
  display.layer("aaa", "Downloading", { current: 0, total: 2_000_000 });
  display.layer("bbb", "Waiting");
  display.layer("aaa", "Downloading", { current: 1_000_000, total: 2_000_000 });
  display.finish();

  expect(written).toEqual([
    "latest: Pulling from x\n",
    `\r\x1b[Jaaa: Downloading [>${" ".repeat(30)}] 0B/2MB\n`,
    `\x1b[1A\r\x1b[Jaaa: Downloading [>${" ".repeat(30)}] 0B/2MB\nbbb: Waiting\n`,
    `\x1b[2A\r\x1b[Jaaa: Downloading [${"=".repeat(15)}>${" ".repeat(15)}] 1MB/2MB\nbbb: Waiting\n`,
  ]);
});

test("a long list shows what moves, and no more lines than a terminal has", () => {
  const { written, write } = recorder();
  const display = new BarDisplay(write);

  for (let at = 0; at < 30; at++) display.layer(`l${at}`, "Waiting");
  display.layer("l7", "Extracting", { current: 5, total: 10 });

  expect(written.at(-1)).toBe(`\r\x1b[Jl7: Extracting [${"=".repeat(15)}>${" ".repeat(15)}] 5B/10B\n`);
});
