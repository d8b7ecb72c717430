import { describe, expect, test } from "bun:test";
import { DetachKeyMatcher, parseDetachKeys } from "../../../src/container/attach/detach-keys.ts";

describe("parseDetachKeys()", () => {
  test.each([
    ["ctrl-p,ctrl-q", [16, 17]],
    ["", [16, 17]],
    ["a", [97]],
    ["ctrl-@,ctrl-a,ctrl-z", [0, 1, 26]],
    ["ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", [27, 28, 29, 30, 31]],
    ["DEL,x", [127, 120]],
  ])("reads %j", (text, bytes) => {
    expect([...parseDetachKeys(text)]).toEqual(bytes);
  });

  test.each(["ctrl-", "ctrl-P", "shift-a", "ctrl-p,,ctrl-q", "é", "\u0007"])(
    "refuses %j in docker's words",
    (text) => {
      expect(() => parseDetachKeys(text)).toThrow(`invalid detach keys (${text}) provided`);
    },
  );
});

describe("DetachKeyMatcher", () => {
  /** What is sent on when `pieces` are typed, and whether the keys were found. */
  function type(keys: string, ...pieces: string[]) {
    const matcher = new DetachKeyMatcher(Buffer.from(keys));
    const output = new Uint8Array(100);
    let end = 0;
    for (const piece of pieces) end += matcher.filter(Buffer.from(piece), piece.length, output, end);
    const found = matcher.found;
    if (!found) end += matcher.flush(output, end);
    return { sent: Buffer.from(output.subarray(0, end)).toString(), found };
  }

  test("finds the keys inside one piece and sends what came before", () => {
    expect(type("pq", "abpqc")).toEqual({ sent: "ab", found: true });
  });

  test("finds the keys across pieces", () => {
    expect(type("pqr", "ap", "q", "r")).toEqual({ sent: "a", found: true });
  });

  test("sends a partial match on when the next key is another", () => {
    expect(type("pq", "p", "x")).toEqual({ sent: "px", found: false });
  });

  test("sends a partial match on when the input ends", () => {
    expect(type("pq", "ap")).toEqual({ sent: "ap", found: false });
  });

  test("finds keys that begin inside a false start", () => {
    expect(type("pq", "ppq")).toEqual({ sent: "p", found: true });
    expect(type("aab", "aaab")).toEqual({ sent: "a", found: true });
    expect(type("abac", "ababac")).toEqual({ sent: "ab", found: true });
  });

  test("sends everything on, in order, for any input without the keys", () => {
    const letters = ["a", "b"];
    for (let bits = 0; bits < 1 << 10; bits++) {
      const text = Array.from({ length: 10 }, (_, i) => letters[(bits >> i) & 1]).join("");
      const at = text.indexOf("aabaa");
      const expected = at < 0 ? { sent: text, found: false } : { sent: text.slice(0, at), found: true };

      expect(type("aabaa", ...text)).toEqual(expected);
    }
  });
});
