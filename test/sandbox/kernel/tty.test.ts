import { expect, test } from "bun:test";
import { openSync } from "node:fs";
import { join } from "node:path";
import { isatty, rawSettings, terminalSize } from "../../../src/kernel/tty.ts";
import { openTerminal } from "../../support/terminal.ts";

const fixture = join(import.meta.dir, "tty.fixture.ts");

test("raw mode passes Ctrl-C as a byte and is undone when the body throws; a new size is seen", async () => {
  await using terminal = openTerminal([process.execPath, fixture]);

  await terminal.waitFor("terminal true true 24x80");
  await terminal.waitFor("waiting");
  terminal.resize({ rows: 55, columns: 155 });
  await terminal.waitFor("signal 28 size 55x155");
  await terminal.waitFor("raw");
  expect(terminal.isCooked()).toBe(false);
  terminal.write("\x03");
  await terminal.waitFor("key 3");
  await terminal.waitFor("then the body fails");
  await terminal.waitFor("done");

  expect(terminal.isCooked()).toBe(true);
  terminal.write("\r");
  expect(await terminal.exited).toBe(0);
});

test("isatty() is false for a file, a closed descriptor and a device that is no terminal", () => {
  const file = openSync(import.meta.path, "r");

  expect([file, 9999, openSync("/dev/null", "r")].map(isatty)).toEqual([false, false, false]);
  expect(() => terminalSize(file)).toThrow("ENOTTY");
});

test("rawSettings() switches off what cfmakeraw() does and keeps the rest", () => {
  const settings = new Uint8Array(36).fill(0xff);

  const view = new DataView(rawSettings(settings).buffer);

  expect(view.getUint32(0, true).toString(16)).toBe("fffffa14");
  expect(view.getUint32(4, true).toString(16)).toBe("fffffffe");
  expect(view.getUint32(8, true).toString(16)).toBe("fffffeff");
  expect(view.getUint32(12, true).toString(16)).toBe("ffff7fb4");
  expect([...rawSettings(settings).subarray(17 + 5, 17 + 7)]).toEqual([0, 1]);
});
