import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FrameType } from "../../../src/container/attach/protocol.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openTerminal } from "../../support/terminal.ts";
import { FakeShim } from "./fake-shim.ts";

const fixture = join(import.meta.dir, "attach.fixture.ts");

/** A client with pipes for its streams. */
function startClient(path: string, ...flags: string[]) {
  return Bun.spawn([process.execPath, fixture, path, ...flags], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Collects a stream's text; the result waits until it has `expected` and returns all of it so far. */
function collect(stream: ReadableStream<Uint8Array>): (expected: string) => Promise<string> {
  const reader = stream.getReader();
  let text = "";
  return async (expected) => {
    while (!text.includes(expected)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`no ${expected} in ${text}`);
      text += Buffer.from(value).toString();
    }
    return text;
  };
}

describe("attachLoop() on pipes", () => {
  test("carries input, its end, both outputs and the exit", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"), "stdin");

    client.stdin.write("some input");
    await client.stdin.end();
    await shim.frame(FrameType.STDIN_END);
    await shim.send(FrameType.STDOUT, "to stdout");
    await shim.send(FrameType.STDERR, "to stderr\n");
    await shim.exit(7);

    await shim.frame(FrameType.EXIT_STEP_TAKEN);
    expect(shim.stdin).toBe("some input");
    expect(await client.stdout.text()).toBe("to stdout");
    expect(await client.stderr.text()).toBe(
      'to stderr\nOUTCOME {"outcome":"exited","siCode":1,"siStatus":7}\n',
    );
  });

  test("cuts a large input into frames of at most 4096 bytes and loses none of it", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"), "stdin");
    const input = Buffer.alloc(3_000_000, "0123456789\n").toString();

    client.stdin.write(input);
    await client.stdin.end();
    await shim.frame(FrameType.STDIN_END);
    await shim.exit(0);

    expect(shim.stdin === input).toBe(true);
    expect(Math.max(...shim.frames.map(({ payload }) => payload.length))).toBe(4096);
    expect(await client.exited).toBe(0);
  });

  test("proxies signals, also while nobody reads its output, and goes on afterwards", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"), "proxy", "stdin");
    client.stdin.write("here");
    client.stdin.flush();
    await shim.frame(FrameType.STDIN); // The loop runs: signals are caught.
    const output = Buffer.alloc(150_000, "x"); // More than a pipe holds, less than a socket does.
    await shim.send(FrameType.STDOUT, output);

    const seen = collect(client.stderr);
    client.kill("SIGINT");
    await seen("PROXY 2\n");
    client.kill("SIGTSTP");
    await seen("PROXY 20\n");
    await shim.exit(0);

    expect((await client.stdout.bytes()).length).toBe(output.length);
    expect(await seen("OUTCOME")).toContain('"exited"');
  });

  test("without a proxy a signal does what it always does", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"), "stdin");
    client.stdin.write("here");
    client.stdin.flush();
    await shim.frame(FrameType.STDIN);

    client.kill("SIGTERM");
    await client.exited;

    expect(client.signalCode).toBe("SIGTERM");
  });

  test("says that the shim is lost when it hangs up without an exit", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"));

    await shim.send(FrameType.STDOUT, "last words");
    await shim.hangUp();

    expect(await client.stdout.text()).toBe("last words");
    expect(await client.stderr.text()).toBe('OUTCOME {"outcome":"lost"}\n');
  });

  test("ends when nobody reads its output any more", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"));

    await client.stdout.cancel();
    await shim.send(FrameType.STDOUT, "for nobody");

    expect(await client.stderr.text()).toBe('OUTCOME {"outcome":"output-closed"}\n');
  });

  test("refuses a socket that does not speak the protocol", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using client = startClient(join(dir.path, "attach.sock"));

    await shim.send(99, "x");

    expect(await client.stderr.text()).toContain("Cannot read the container's output");
    expect(await client.exited).toBe(1);
  });
});

describe("attachLoop() on a terminal", () => {
  test("is raw, passes Ctrl-C as a byte, follows the size, and is restored after the exit", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using terminal = openTerminal([
      process.execPath,
      fixture,
      join(dir.path, "attach.sock"),
      "stdin",
      "tty",
    ]);

    const first = await shim.frame(FrameType.RESIZE);
    expect([...new Uint16Array(Uint8Array.from(first.payload).buffer)]).toEqual([24, 80]);
    expect(terminal.isCooked()).toBe(false);
    terminal.resize({ rows: 55, columns: 155 });
    await shim.until(({ frames }) => frames.some(({ payload }) => payload.toHex() === "37009b00"));
    terminal.write("ls\r\x03");
    await shim.until(({ stdin }) => stdin === "ls\r\x03");
    await shim.send(FrameType.STDOUT, "from the container");
    await terminal.waitFor("from the container");
    await shim.exit(0);

    await terminal.waitFor("OUTCOME");
    expect(await terminal.exited).toBe(0);
    expect(terminal.isCooked()).toBe(true);
  });

  test("detaches at Ctrl-p Ctrl-q, which the container never sees", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using terminal = openTerminal([
      process.execPath,
      fixture,
      join(dir.path, "attach.sock"),
      "stdin",
      "tty",
    ]);
    await shim.frame(FrameType.RESIZE);

    terminal.write("a\x10b\x10\x11");
    await terminal.waitFor('OUTCOME {"outcome":"detached"}');

    await shim.frame(FrameType.DETACH);
    expect(shim.stdin).toBe("a\x10b");
    expect(shim.frames.at(-1)?.type).toBe(FrameType.DETACH);
    expect(terminal.isCooked()).toBe(true);
  });

  test("restores the terminal when a signal ends it", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using terminal = openTerminal([
      process.execPath,
      fixture,
      join(dir.path, "attach.sock"),
      "stdin",
      "tty",
    ]);
    await shim.frame(FrameType.RESIZE);

    process.kill(terminal.pid, "SIGTERM");

    await terminal.waitFor('OUTCOME {"outcome":"interrupted","signal":15}');
    expect(terminal.isCooked()).toBe(true);
  });

  test("restores the terminal when it throws", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    await using terminal = openTerminal([
      process.execPath,
      fixture,
      join(dir.path, "attach.sock"),
      "stdin",
      "tty",
    ]);
    await shim.frame(FrameType.RESIZE);

    await shim.send(99, "");

    await terminal.waitFor("Cannot read the container's output");
    await terminal.exited;
    expect(terminal.isCooked()).toBe(true);
  });

  test("gives the terminal back while it is stopped, and takes it again", async () => {
    using dir = tempDir("attach");
    using shim = new FakeShim(join(dir.path, "attach.sock"));
    // An interactive shell does job control: it sees the stop and continues the job.
    const command = `${process.execPath} ${fixture} ${join(dir.path, "attach.sock")} stdin tty`;
    await using terminal = openTerminal(["bash", "--norc", "--noprofile", "-i"], { PS1: "prompt> " });
    await terminal.waitFor("prompt> ");
    terminal.write(`${command}\r`);
    await shim.frame(FrameType.RESIZE);
    expect(terminal.isCooked()).toBe(false);

    terminal.write("pid?");
    await shim.until(({ stdin }) => stdin.includes("pid?"));
    const pids = Bun.spawnSync([
      "pgrep",
      "-f",
      `${fixture} ${join(dir.path, "attach.sock")}`,
    ]).stdout.toString();
    process.kill(Number(pids.trim().split("\n")[0]), "SIGTSTP");
    await terminal.waitFor("Stopped");
    terminal.write("fg\r");
    await shim.until(({ frames }) => frames.filter(({ type }) => type === FrameType.RESIZE).length > 1);
    expect(terminal.isCooked()).toBe(false);
    await shim.exit(0);

    await terminal.waitFor("OUTCOME");
  });
});
