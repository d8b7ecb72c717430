import { expect, test } from "bun:test";
import { parseNumberList } from "../../../src/lib/number-list.ts";

test("a list of numbers and ranges is read in ascending order, each number once", () => {
  expect(parseNumberList("4,0-2,1\n")).toEqual([0, 1, 2, 4]);
  expect(parseNumberList("7")).toEqual([7]);
});

test("anything else is no list", () => {
  for (const text of ["", "a", "1-", "-1", "3-1", "1,,2", "0-99999999", "1.5"]) {
    expect([text, parseNumberList(text)]).toEqual([text, undefined]);
  }
});
