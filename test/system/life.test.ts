/** A container's life beyond the command that started it. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { engineTest, openTestEngine, type TestEngine } from "../support/engine.ts";
import { tempDir } from "../support/temp-dir.ts";

const NONE = ["--network", "none"];

async function openWithImage(): Promise<TestEngine> {
  const engine = await openTestEngine();
  await engine.loadBusybox();
  return engine;
}

const status = (engine: TestEngine, name: string) =>
  engine.ok("inspect", "--format", "{{.State.Status}}", name);

engineTest(
  "run -d prints the ID and returns; the container goes on, is listed, stopped and removed",
  async () => {
    await using engine = await openWithImage();

    const id = await engine.ok("run", "-d", "--name", "web", ...NONE, "busybox:test", "sleep", "1000");
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await engine.ok("ps", "--format", "{{.Names}}")).toBe("web");
    expect(await engine.ok("ps", "-q", "--no-trunc")).toBe(id);
    expect(await status(engine, "web")).toBe("running");
    expect(await engine.ok("stop", "-t", "1", "web")).toBe("web");
    expect(await status(engine, "web")).toBe("exited");
    expect(await engine.ok("ps", "-q")).toBe("");
    expect(await engine.ok("ps", "-aq", "--no-trunc")).toBe(id);
    expect(await engine.ok("rm", "web")).toBe("web");
    expect(await engine.ok("ps", "-aq")).toBe("");
  },
);

engineTest("create, start and wait are the parts of run", async () => {
  await using engine = await openWithImage();

  await engine.ok("create", "--name", "job", ...NONE, "busybox:test", "sh", "-c", "echo done; exit 3");
  expect(await status(engine, "job")).toBe("created");
  expect(await engine.ok("start", "job")).toBe("job");
  expect(await engine.ok("wait", "job")).toBe("3");
  expect(await engine.ok("logs", "job")).toBe("done");
  expect(await engine.ok("inspect", "--format", "{{.State.ExitCode}}", "job")).toBe("3");
  await engine.ok("start", "job");
  expect(await engine.ok("wait", "job")).toBe("3");
  expect(await engine.ok("logs", "job")).toBe("done\ndone");
});

engineTest("stop sends the stop signal first, and kills what does not heed it", async () => {
  await using engine = await openWithImage();
  const traps = "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done";
  const ready = async (name: string) => {
    while (!(await engine.run("logs", name)).stdout.includes("up")) await Bun.sleep(20);
  };

  await engine.ok("run", "-d", "--name", "heeds", ...NONE, "busybox:test", "sh", "-c", traps);
  await engine.ok(
    "run",
    "-d",
    "--name",
    "ignores",
    ...NONE,
    "busybox:test",
    "sh",
    "-c",
    "trap '' TERM; echo up; sleep 1000",
  );
  await Promise.all([ready("heeds"), ready("ignores")]);
  await engine.ok("stop", "heeds");
  await engine.ok("stop", "-t", "0", "ignores");

  const exitCode = (name: string) => engine.ok("inspect", "--format", "{{.State.ExitCode}}", name);
  expect(await exitCode("heeds")).toBe("5");
  expect(await engine.ok("logs", "heeds")).toBe("up\nbye");
  expect(await exitCode("ignores")).toBe("137");
});

engineTest(
  "kill sends the signal it is told, and restart gives a new process on the same file system",
  async () => {
    await using engine = await openWithImage();
    const script = "trap 'echo usr1' USR1; echo start >> /starts; cat /starts; while :; do sleep 0.1; done";

    await engine.ok("run", "-d", "--name", "box", ...NONE, "busybox:test", "sh", "-c", script);
    const logs = async () => (await engine.run("logs", "box")).stdout;
    while (!(await logs()).includes("start")) await Bun.sleep(20);
    await engine.ok("kill", "-s", "USR1", "box");
    while (!(await logs()).includes("usr1")) await Bun.sleep(20);
    await engine.ok("restart", "-t", "0", "box");
    while ((await logs()).split("start").length < 4) await Bun.sleep(20);

    expect(await status(engine, "box")).toBe("running");
    expect(await engine.ok("exec", "box", "cat", "/starts")).toBe("start\nstart");
  },
);

engineTest(
  "exec runs a second process in the container, with its exit code, user and environment",
  async () => {
    await using engine = await openWithImage();
    await engine.ok("run", "-d", "--name", "box", "-e", "A=1", ...NONE, "busybox:test", "sleep", "1000");

    expect(await engine.ok("exec", "box", "sh", "-c", "echo $A; cat /proc/1/cmdline | tr '\\0' ' '")).toBe(
      "1\nsleep 1000 ",
    );
    expect((await engine.run("exec", "box", "sh", "-c", "exit 9")).exitCode).toBe(9);
    expect((await engine.run("exec", "box", "no-such-command")).exitCode).toBe(127);
    expect(
      await engine.ok(
        "exec",
        "-u",
        "app",
        "-w",
        "/tmp",
        "-e",
        "B=2",
        "box",
        "sh",
        "-c",
        "id -un; pwd; echo $B",
      ),
    ).toBe("app\n/tmp\n2");
    const echoed = await engine.runWith({ stdin: "through" }, "exec", "-i", "box", "cat");
    expect(echoed).toEqual({ exitCode: 0, stdout: "through", stderr: "" });
    const status = await engine.ok("exec", "box", "grep", "-E", "^(CapEff|Seccomp):", "/proc/self/status");
    expect(status).toContain("00000000a80425fb");
    expect(status).toContain("Seccomp:\t2");
  },
);

engineTest("logs shows both streams, the last lines, times, and follows to the end", async () => {
  await using engine = await openWithImage();
  const script = "for i in 1 2 3; do echo line $i; done; echo error >&2; printf unfinished";
  await engine.ok("run", "--name", "box", ...NONE, "busybox:test", "sh", "-c", script);

  const { stdout, stderr } = await engine.run("logs", "box");
  expect(stdout).toBe("line 1\nline 2\nline 3\nunfinished");
  expect(stderr).toBe("error\n");
  const last = await engine.run("logs", "-n", "1", "-f", "box");
  expect(["unfinished", "error\n"]).toContain(last.stdout + last.stderr); // Which stream came last is a race.
  expect((await engine.run("logs", "-t", "-n", "3", "box")).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z /);
  const log = readFileSync(
    join(engine.root, "containers", await engine.ok("ps", "-aq", "--no-trunc"), "log/container.log"),
  );
  expect(log.toString()).toMatch(/^\S+Z stdout F line 1$/m);
  expect(log.toString()).toMatch(/^\S+Z stderr F error$/m);
});

engineTest(
  "a name in use, an unknown container and a running one are refused with one line each",
  async () => {
    await using engine = await openWithImage();
    await engine.ok("run", "-d", "--name", "taken", ...NONE, "busybox:test", "sleep", "1000");

    const inUse = await engine.run("run", "--name", "taken", ...NONE, "busybox:test", "true");
    const unknown = await engine.run("stop", "nobody");
    const running = await engine.run("rm", "taken");

    expect(inUse.exitCode).toBe(125);
    expect(inUse.stderr).toContain("taken");
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr).toContain("nobody");
    expect(running.exitCode).toBe(1);
    for (const { stderr } of [inUse, unknown, running]) expect(stderr).not.toMatch(/^\s+at /m);
  },
);

engineTest("--rm leaves no trace, --cidfile says who it was", async () => {
  await using engine = await openWithImage();
  using dir = tempDir("cid");
  const cidfile = join(dir.path, "cid");

  await engine.ok("run", "--rm", "--cidfile", cidfile, ...NONE, "busybox:test", "true");

  const id = readFileSync(cidfile, "utf8").trim();
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await engine.ok("ps", "-aq")).toBe("");
  expect(existsSync(join(engine.root, "containers", id))).toBe(false);
});

engineTest("two commands that race for a name get one winner", async () => {
  await using engine = await openWithImage();

  const results = await Promise.all(
    Array.from({ length: 6 }, () =>
      engine.run("run", "-d", "--name", "one", ...NONE, "busybox:test", "sleep", "1000"),
    ),
  );

  expect(results.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
  expect(results.filter(({ exitCode }) => exitCode === 125)).toHaveLength(5);
  expect((await engine.ok("ps", "-aq")).split("\n")).toHaveLength(1);
});
