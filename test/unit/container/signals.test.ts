import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { endingSignal, exitCodeOf } from "../../../src/container/exit-status.ts";
import { PROXIED_SIGNALS, parseSignal, Signal, signalName } from "../../../src/container/signals.ts";

describe("parseSignal()", () => {
  test.each([
    ["SIGTERM", 15],
    ["term", 15],
    ["SigUsr1", 10],
    ["15", 15],
    ["SIGRTMIN", 34],
    ["RTMIN+3", 37],
    ["SIGRTMAX-1", 63],
    ["rtmax", 64],
    ["64", 64],
    ["IOT", 6],
  ])("reads %s", (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  test.each(["", "0", "65", "-9", "SIGSIGTERM", "NOPE", "RTMIN+31", "RTMAX-99", "9.5", " 9", "1e1"])(
    "refuses %j",
    (text) => {
      expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`);
    },
  );
});

test("Signal has this platform's numbers", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name in Signal)
      expect<[string, number]>([name, Signal[name as keyof typeof Signal]]).toEqual([name, number]);
  }
});

test("signalName() is what parseSignal() reads", () => {
  for (const number of [...Object.values(Signal), 34, 35, 63, 64] as number[])
    expect(parseSignal(signalName(number)) as number).toBe(number);
  expect(signalName(33)).toBe("signal 33");
});

test("the proxied signals leave out what cannot be caught and what is about ourselves", () => {
  const { SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGTTIN, SIGTERM, SIGINT, SIGTSTP, SIGWINCH } = Signal;

  for (const signal of [SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGTTIN, 32, 33]) {
    expect(PROXIED_SIGNALS).not.toContain(signal);
  }
  for (const signal of [SIGTERM, SIGINT, SIGTSTP, SIGWINCH, 34, 64])
    expect(PROXIED_SIGNALS).toContain(signal);
});

describe("exitCodeOf()", () => {
  test("is the process's own code, or 128 + the signal that ended it", () => {
    expect(exitCodeOf({ siCode: 1, siStatus: 3 })).toBe(3);
    expect(exitCodeOf({ siCode: 2, siStatus: 9 })).toBe(137);
    expect(exitCodeOf({ siCode: 3, siStatus: 11 })).toBe(139);
    expect([1, 2].map((siCode) => endingSignal({ siCode, siStatus: 9 }))).toEqual([undefined, 9]);
  });

  test("refuses a record of something else", () => {
    expect(() => exitCodeOf({ siCode: 5, siStatus: 19 })).toThrow("is not the end of a process");
  });
});
