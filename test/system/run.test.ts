/** What `run` makes of an image: a process that sees its own machine. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineTest, openTestEngine, type TestEngine } from "../support/engine.ts";
import { testUnless } from "../support/machine.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Runs a shell script in a throw-away container without a network. */
const sh = (engine: TestEngine, script: string, ...flags: string[]) =>
  engine.run("run", "--rm", "--network", "none", ...flags, "busybox:test", "sh", "-c", script);

engineTest("a container is process 1 of its own namespaces, with its ID as host name", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  const { exitCode, stdout, stderr } = await sh(engine, 'echo $$; hostname; ls /proc | grep -c "^[0-9]"');
  const [pid, hostname, processes] = stdout.split("\n");

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(pid).toBe("1");
  expect(hostname).toMatch(/^[0-9a-f]{12}$/);
  expect(Number(processes)).toBeLessThan(5);
});

engineTest("no namespace is the machine's", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  const names = ["cgroup", "ipc", "mnt", "net", "pid", "uts"];

  const { stdout } = await sh(engine, names.map((name) => `readlink /proc/self/ns/${name}`).join("; "));

  const own = names.map((name) =>
    Bun.spawnSync(["readlink", `/proc/self/ns/${name}`])
      .stdout.toString()
      .trim(),
  );
  expect(stdout.trim().split("\n")).toHaveLength(names.length);
  expect(
    stdout
      .trim()
      .split("\n")
      .filter((link) => own.includes(link)),
  ).toEqual([]);
});

engineTest(
  "the exit code is the command's, 128 + n for signal n, 127 and 126 when it cannot start",
  async () => {
    await using engine = await openTestEngine();
    await engine.loadBusybox();
    const code = async (...cmd: string[]) =>
      (await engine.run("run", "--rm", "--network", "none", "busybox:test", ...cmd)).exitCode;

    expect(await code("sh", "-c", "exit 7")).toBe(7);
    expect(await code("sh", "-c", "kill -9 $$; exit 3")).toBe(3); // Process 1 cannot be killed from inside.
    expect(await code("sh", "-c", "sh -c 'kill -9 $$'; exit $?")).toBe(137);
    expect(await code("no-such-command")).toBe(127);
    expect(await code("/etc/passwd")).toBe(126);
    expect(await code("/etc")).toBe(126);
  },
);

engineTest("stdout and stderr stay apart, and stdin arrives to its end", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  const input = "x".repeat(300_000);

  const apart = await sh(engine, "echo out; echo err >&2");
  const counted = await engine.runWith(
    { stdin: input },
    ...["run", "--rm", "-i", "--network", "none", "busybox:test", "wc", "-c"],
  );

  expect(apart).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
  expect(counted).toEqual({ exitCode: 0, stdout: `${input.length}\n`, stderr: "" });
});

engineTest("ten megabytes of output come through whole", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  const { stdout } = await sh(engine, "yes 0123456789abcde | head -c 10485760");

  expect(stdout.length).toBe(10 * 2 ** 20);
  expect(stdout).toBe("0123456789abcde\n".repeat(655_360));
});

engineTest("flags change environment, folder, user, host name and entrypoint", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox("busybox:test", { Env: ["PATH=/bin", "FROM=image"], Labels: { a: "b" } });
  using dir = tempDir("env");
  writeFileSync(join(dir.path, "env"), "# comment\nFILE=yes\n");

  const flags = [
    "-e",
    "A=1",
    "-e",
    "FROM=flag",
    "--env-file",
    join(dir.path, "env"),
    "-w",
    "/var/new",
    "-u",
    "app:staff",
  ];
  const { stdout, stderr } = await sh(
    engine,
    "echo $A $FROM $FILE; pwd; id; hostname",
    ...flags,
    "--hostname",
    "box",
  );
  const entry = [
    "run",
    "--rm",
    "--network",
    "none",
    "--entrypoint",
    "echo",
    "busybox:test",
    "hello",
    "world",
  ];

  expect(stderr).toBe("");
  expect(stdout.split("\n").slice(0, 2)).toEqual(["1 flag yes", "/var/new"]);
  expect(stdout).toContain("uid=1000(app) gid=50(staff)");
  expect(stdout).toContain("\nbox\n");
  expect(await engine.ok(...entry)).toBe("hello world");
});

engineTest("the root file system is writable and thrown away; --read-only makes it not so", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  expect((await sh(engine, "echo x > /file && cat /file")).stdout).toBe("x\n");
  expect((await sh(engine, "cat /file")).exitCode).toBe(1);
  const readOnly = await sh(engine, "echo x > /file", "--read-only");
  expect(readOnly.exitCode).not.toBe(0);
  expect(readOnly.stderr).toContain("Read-only file system");
  expect(
    (await sh(engine, "echo x > /tmp/file && cat /tmp/file", "--read-only", "--tmpfs", "/tmp")).stdout,
  ).toBe("x\n");
});

engineTest(
  "-v shows a folder of the machine, read-only where asked, and never outside through a symbolic link",
  async () => {
    await using engine = await openTestEngine();
    await engine.loadBusybox();
    using dir = tempDir("bind");
    writeFileSync(join(dir.path, "in"), "from outside\n");

    const wrote = await sh(engine, "cat /data/in; echo back > /data/out", "-v", `${dir.path}:/data`);
    const refused = await sh(engine, "echo x > /data/no", "-v", `${dir.path}:/data:ro`);
    const mount = ["--mount", `type=bind,source=${dir.path}/missing,target=/data`];
    const missing = await sh(engine, "true", ...mount);

    expect(wrote.stdout).toBe("from outside\n");
    expect(readFileSync(join(dir.path, "out"), "utf8")).toBe("back\n");
    expect(refused.stderr).toContain("Read-only file system");
    expect(missing.exitCode).toBe(125);
    expect(missing.stderr).toContain("missing");
  },
);

engineTest(
  "a process has docker's 14 capabilities, a seccomp filter, and only its three files open",
  async () => {
    await using engine = await openTestEngine();
    await engine.loadBusybox();

    const { stdout } = await sh(
      engine,
      'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; ls /proc/self/fd',
    );

    expect(stdout).toContain("CapInh:\t0000000000000000");
    expect(stdout).toContain("CapEff:\t00000000a80425fb");
    expect(stdout).toContain("CapBnd:\t00000000a80425fb");
    expect(stdout).toContain("Seccomp:\t2");
    expect(
      stdout
        .trim()
        .split("\n")
        .filter((line) => /^\d+$/.test(line)),
    ).toEqual(["0", "1", "2", "3"]); // 3 is ls's own
  },
);

engineTest("what is dangerous under /proc and /sys is masked or read-only", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  const script = [
    "wc -c < /proc/timer_list",
    "echo 0 > /proc/sys/kernel/hostname; echo $?",
    "mkdir /sys/x; echo $?",
    "ls /proc/acpi /sys/firmware | wc -l",
  ].join("; ");
  const { stdout } = await sh(engine, `exec 2> /dev/null; ${script}`);

  expect(stdout.split("\n").slice(0, 3)).toEqual(["0", "1", "1"]);
});

/** A folder image has one file system: where /usr is another one, as in the test VM, `dir:/` has no programs. */
const usrIsElsewhere = statSync("/").dev !== statSync("/usr").dev;
const copyTest = testUnless(
  usrIsElsewhere ? "needs /usr on the root file system" : undefined,
  usrIsElsewhere,
);

copyTest("dir:/ runs a copy of the machine, and what is written stays in the copy", async () => {
  await using engine = await openTestEngine();
  const mark = `/root/mini-docker-test-${process.pid}`;

  const flags = ["--rm", "--network", "none", "--hostname", "copy"];
  const { stdout, stderr } = await engine.run(
    "run",
    ...flags,
    "dir:/",
    "sh",
    "-c",
    `echo $$; echo x > ${mark}; cat ${mark}`,
  );

  expect({ stdout, stderr }).toEqual({ stdout: "1\nx\n", stderr: "" });
  expect(existsSync(mark)).toBe(false);
});

engineTest("dir: takes any folder as a read-only lower layer", async () => {
  await using engine = await openTestEngine();
  using dir = tempDir("rootfs");
  mkdirSync(join(dir.path, "bin"));
  Bun.spawnSync(["cp", "/bin/busybox", join(dir.path, "bin/busybox")]);

  const words = ["run", "--rm", "--network", "none", `dir:${dir.path}`, "/bin/busybox", "echo", "tiny"];

  expect(await engine.ok(...words)).toBe("tiny");
  expect(existsSync(join(dir.path, "proc"))).toBe(false);
});
