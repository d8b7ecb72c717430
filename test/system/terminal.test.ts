/** A person at a terminal: what they see, press and get back. */
import { expect } from "bun:test";
import { engineTest, openTestEngine } from "../support/engine.ts";

const RUN = ["run", "--rm", "--network", "none"];

engineTest("run -it gives a terminal of the caller's size that follows when it changes", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  await using terminal = engine.terminal(...RUN, "-it", "busybox:test", "sh");

  terminal.write("tty && stty size && echo re''ady\r");
  await terminal.waitFor("24 80");
  await terminal.waitFor("ready");
  terminal.resize({ columns: 132, rows: 50 });
  terminal.write("sleep 0.2; stty size\r");
  await terminal.waitFor("50 132");
  terminal.write("exit 4\r");

  expect(await terminal.exited).toBe(4);
  expect(terminal.isCooked()).toBe(true);
});

engineTest("Ctrl-C reaches the container's process, not the engine", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  const script = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done";
  await using terminal = engine.terminal(...RUN, "-it", "busybox:test", "sh", "-c", script);

  await terminal.waitFor("ready");
  terminal.write("\x03");
  await terminal.waitFor("caught");

  expect(await terminal.exited).toBe(7);
});

engineTest("Ctrl-p Ctrl-q leaves the container running, and attach comes back to it", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  await using first = engine.terminal(
    "run",
    "-it",
    "--name",
    "box",
    "--network",
    "none",
    "busybox:test",
    "sh",
  );
  first.write("echo he''re\r");
  await first.waitFor("here");
  first.write("\x10\x11");
  expect(await first.exited).toBe(0);
  expect(first.isCooked()).toBe(true);
  expect(await engine.ok("ps", "--format", "{{.Names}}")).toBe("box");

  await using second = engine.terminal("attach", "box");
  second.write("echo ag''ain\r");
  await second.waitFor("again");
  second.write("exit 6\r");

  expect(await second.exited).toBe(6);
});

engineTest("the terminal is restored when the engine is killed by a signal it can catch", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  await using terminal = engine.terminal(
    ...RUN,
    "-it",
    "--name",
    "box",
    "busybox:test",
    "sh",
    "-c",
    "echo up; exec sleep 1000",
  );
  await terminal.waitFor("up");
  expect(terminal.isCooked()).toBe(false);

  process.kill(terminal.pid, "SIGHUP");
  await terminal.exited;

  expect(terminal.isCooked()).toBe(true);
});

engineTest("exec -it has a terminal of its own", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  await engine.ok("run", "-d", "--name", "box", "--network", "none", "busybox:test", "sleep", "1000");
  await using terminal = engine.terminal(
    "exec",
    "-it",
    "box",
    "sh",
    "-c",
    "tty; stty size; read line; echo got $line; exit 2",
  );

  await terminal.waitFor("/dev/pts/0");
  await terminal.waitFor("24 80");
  terminal.write("words\r");
  await terminal.waitFor("got words");

  expect(await terminal.exited).toBe(2);
  expect(terminal.isCooked()).toBe(true);
});
