import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { formatRecord, type LogStream } from "../../../src/container/logs/cri.ts";
import { type ReadLogsOptions, readLogs } from "../../../src/container/logs/read-logs.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** The time of a record: so many seconds after midnight. */
const at = (second: number) => `2024-01-01T00:00:${String(second).padStart(2, "0")}.000000000Z`;

/** Records from a short form: `o:text` is a line on stdout, `e:` on stderr, in capitals a piece of one. */
function records(...lines: string[]): string {
  return lines
    .map((line, index) => {
      const letter = line[0] ?? "";
      const stream: LogStream = letter.toLowerCase() === "e" ? "stderr" : "stdout";
      return formatRecord({ timestamp: at(index), stream, partial: letter < "a", text: line.slice(2) });
    })
    .join("");
}

/** Prints a log of these files, oldest first, and returns what went to each stream. */
function print(files: readonly string[], options: Partial<ReadLogsOptions> = {}) {
  using dir = tempDir("logs");
  const path = join(dir.path, "container.log");
  files.forEach((text, index) => {
    const rotation = files.length - 1 - index;
    writeFileSync(rotation === 0 ? path : `${path}.${rotation}`, text);
  });
  const stdoutFd = openSync(join(dir.path, "stdout"), "w");
  const stderrFd = openSync(join(dir.path, "stderr"), "w");
  readLogs({ path, stdoutFd, stderrFd, timestamps: false, ...options });
  closeSync(stdoutFd);
  closeSync(stderrFd);
  const [stdout, stderr] = ["stdout", "stderr"].map((name) => readFileSync(join(dir.path, name), "utf8"));
  return { stdout, stderr };
}

describe("readLogs()", () => {
  test("prints each stream as the container wrote it, pieces joined, over all files", () => {
    const files = [records("o:oldest", "E:half "), records("o:b", "e:whole", "O:no newline")];

    expect(print(files)).toEqual({ stdout: "oldest\nb\nno newline", stderr: "half whole\n" });
  });

  test("prints the time once a line, also of a line in pieces", () => {
    const log = records("O:a", "e:x", "O:b", "o:c", "o:", "o:d");

    expect(print([log], { timestamps: true })).toEqual({
      stdout: `${at(0)} abc\n${at(4)} \n${at(5)} d\n`,
      stderr: `${at(1)} x\n`,
    });
  });

  test("prints bytes that are no text as they are", () => {
    using dir = tempDir("logs");
    const path = join(dir.path, "container.log");
    const text = Buffer.from([0xff, 0x00, 0x0d, 0x80]);
    writeFileSync(path, Buffer.concat([Buffer.from(`${at(0)} stdout F `), text, Buffer.from("\n")]));
    const stdoutFd = openSync(join(dir.path, "out"), "w");

    readLogs({ path, stdoutFd, stderrFd: null, timestamps: false });

    expect(readFileSync(join(dir.path, "out")).toHex()).toBe("ff000d800a");
    closeSync(stdoutFd);
  });

  test("passes over what a crash cut off", () => {
    const log = `${records("o:a")}2024-01-01T0\n${records("o:b")}${records("o:never finished").slice(0, -3)}`;

    expect(print([log]).stdout).toBe("a\nb\n");
  });

  test("a log that does not exist is empty", () => {
    expect(print([])).toEqual({ stdout: "", stderr: "" });
  });

  test("since and until include their own moment, to the nanosecond", () => {
    const log = [records("o:0", "o:1", "o:2", "o:3", "o:4")];

    expect(print(log, { since: at(1), until: at(3) }).stdout).toBe("1\n2\n3\n");
    expect(print(log, { since: at(1).replace("000Z", "001Z") }).stdout).toBe("2\n3\n4\n");
    expect(print(log, { until: at(1).replace("01.0", "00.9") }).stdout).toBe("0\n");
  });

  test("tail counts lines, not pieces, over both streams and all files", () => {
    const files = [records("o:1", "o:2", "O:3-"), records("o:3", "e:4", "O:5-", "e:6", "o:5")];
    const tail = (lines: number) => print(files, { tail: lines });

    expect(tail(0)).toEqual({ stdout: "", stderr: "" });
    expect(tail(1)).toEqual({ stdout: "5-5\n", stderr: "" });
    expect(tail(2)).toEqual({ stdout: "5-5\n", stderr: "6\n" });
    expect(tail(3)).toEqual({ stdout: "5-5\n", stderr: "4\n6\n" });
    expect(tail(4)).toEqual({ stdout: "3-3\n5-5\n", stderr: "4\n6\n" });
    expect(tail(5)).toEqual({ stdout: "2\n3-3\n5-5\n", stderr: "4\n6\n" });
    expect(tail(100)).toEqual({ stdout: "1\n2\n3-3\n5-5\n", stderr: "4\n6\n" });
  });

  test("tail counts an unfinished line, and none that a crash cut off", () => {
    const log = `${records("o:1", "o:2", "O:3")}2024-01-01T00:00:03`;

    expect(print([log], { tail: 2 }).stdout).toBe("2\n3");
  });

  test("tail finds lines across the blocks that it reads", () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `o:${i} ${"x".repeat((i * 37) % 300)}`);
    const log = lines.map((line) => records(line)).join("");

    for (const count of [1, 10, 299, 2999, 3000, 4000]) {
      expect(print([log], { tail: count }).stdout).toBe(
        `${lines
          .slice(-count)
          .map((line) => line.slice(2))
          .join("\n")}\n`,
      );
    }
  });

  test("tail and printing cope with lines longer than their buffers", () => {
    const long = "y".repeat(200_000);
    const junk = "z".repeat(3_000_000);
    const log = `${records("o:first", `o:${long}`)}${junk}\n${records("o:last")}`;

    expect(print([log]).stdout).toBe(`first\n${long}\nlast\n`);
    expect(print([log], { tail: 1 }).stdout).toBe("last\n");
  });
});

describe("readLogs() following", () => {
  const fixture = join(import.meta.dir, "logs.fixture.ts");

  function open(dir: string, { existing = "", tail = "" }: { existing?: string; tail?: number | "" } = {}) {
    const log = join(dir, "log/container.log");
    const run = join(dir, "run");
    mkdirSync(join(dir, "log"));
    mkdirSync(run);
    if (existing !== "") writeFileSync(log, existing);
    const args = tail === "" ? [] : [String(tail)];
    const child = Bun.spawn([process.execPath, fixture, log, run, ...args], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stdout.getReader();
    let text = "";
    return {
      log,
      child,
      write: (...lines: string[]) => appendFileSync(log, records(...lines)),
      rotate: () => {
        rmSync(`${log}.2`, { force: true });
        for (const [from, to] of [
          [`${log}.1`, `${log}.2`],
          [log, `${log}.1`],
        ] as const) {
          try {
            renameSync(from, to);
          } catch {
            // Not there yet.
          }
        }
      },
      end: () => {
        writeFileSync(join(run, "exit.new"), "");
        renameSync(join(run, "exit.new"), join(run, "exit"));
      },
      /** Reads until the output has `expected`; all that came so far. */
      until: async (expected: string) => {
        while (!text.includes(expected)) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`no ${expected} in ${text}: ${await child.stderr.text()}`);
          text += Buffer.from(value).toString();
        }
        return text;
      },
      rest: async () => {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return text;
          text += Buffer.from(value).toString();
        }
      },
      stopReading: () => reader.cancel(),
    };
  }

  test("prints what is written, waits for the rest of a line, and ends with the container", async () => {
    using dir = tempDir("logs");
    const follower = open(dir.path);

    follower.write("o:1");
    await follower.until("1\n");
    const whole = records("o:in two");
    appendFileSync(follower.log, whole.slice(0, 45));
    appendFileSync(follower.log, whole.slice(45));
    await follower.until("in two\n");
    follower.write("o:last");
    follower.end();

    expect(await follower.rest()).toBe("1\nin two\nlast\n");
    expect(await follower.child.exited).toBe(0);
  });

  test("follows through rotations, also several at once, and loses nothing that still exists", async () => {
    using dir = tempDir("logs");
    const follower = open(dir.path);
    follower.write("o:1");
    await follower.until("1\n");

    follower.write("o:2");
    follower.rotate();
    follower.write("o:3");
    await follower.until("3\n");
    follower.child.kill("SIGSTOP");
    follower.write("o:4");
    follower.rotate();
    follower.write("o:5");
    follower.rotate();
    follower.write("o:6");
    follower.child.kill("SIGCONT");
    await follower.until("6\n");
    follower.rotate();
    follower.end();

    expect(await follower.rest()).toBe("1\n2\n3\n4\n5\n6\n");
  });

  test("a real writer that rotates all the time loses no line to a follower", async () => {
    using dir = tempDir("logs");
    const follower = open(dir.path);
    const lines = 20_000;

    const writer = Bun.spawn([
      process.execPath,
      join(import.meta.dir, "log-writer.fixture.ts"),
      follower.log,
      String(lines),
    ]);
    await writer.exited;
    follower.end();

    const numbers = (await follower.rest()).trimEnd().split("\n").map(Number);
    // A follower that is left behind by more rotations than are kept misses some, and never sees one twice or
    // early.
    expect(numbers.at(-1)).toBe(lines - 1);
    expect(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)).toBe(true);
  });

  test("tail 0 prints only what is new", async () => {
    using dir = tempDir("logs");
    const follower = open(dir.path, { existing: records("o:old"), tail: 0 });
    const added = setInterval(() => follower.write("o:new"), 5); // Until the follower is there to see it.

    await follower.until("new\n");
    clearInterval(added);
    follower.end();

    expect(new Set((await follower.rest()).split("\n"))).toEqual(new Set(["new", ""]));
  });

  test("ends when its reader does, though the container is silent", async () => {
    using dir = tempDir("logs");
    const follower = open(dir.path);
    follower.write("o:1");
    await follower.until("1\n");

    await follower.stopReading();

    expect(await follower.child.exited).toBe(0);
  });

  test("ends at once when the container has ended and its run folder is gone", async () => {
    using dir = tempDir("logs");
    mkdirSync(join(dir.path, "log"));
    const log = join(dir.path, "log/container.log");
    writeFileSync(log, records("o:all"));

    const child = Bun.spawn([process.execPath, fixture, log, join(dir.path, "run")], { stdout: "pipe" });

    expect(await child.stdout.text()).toBe("all\n");
  });
});
