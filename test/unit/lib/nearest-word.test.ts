import { expect, test } from "bun:test";
import { nearestWord } from "../../../src/lib/nearest-word.ts";

const WORDS = ["memory", "memory-swap", "mount", "name", "network", "rm", "run"];

test.each([
  ["memry", "memory"],
  ["memroy", "memory"],
  ["netwrok", "network"],
  ["memoryswap", "memory-swap"],
  ["nam", "name"],
  ["rn", "rm"],
])("%p was meant to be %p", (typed, meant) => {
  expect(nearestWord(typed, WORDS)).toBe(meant);
});

test("a word that is like none has no nearest", () => {
  expect(nearestWord("publish", WORDS)).toBeUndefined();
  expect(nearestWord("x", WORDS)).toBeUndefined();
});
