/** What the verbs print, and how they end: the command line over a real engine. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { engineTest, openTestEngine, type TestEngine } from "../support/engine.ts";

const NONE = ["--network", "none"];

async function openWithContainers(): Promise<TestEngine> {
  const engine = await openTestEngine();
  await engine.loadBusybox();
  const image = "busybox:test";
  await engine.ok(
    "run",
    "-d",
    "--name",
    "web",
    ...NONE,
    "-l",
    "tier=front",
    "-l",
    "x",
    image,
    "sleep",
    "1000",
  );
  await engine.run("run", "--name", "job", ...NONE, image, "sh", "-c", "exit 3");
  await engine.ok("create", "--name", "idle", ...NONE, "-l", "tier=back", image, "true");
  return engine;
}

engineTest("ps looks like docker's, with a line for each container, the newest first", async () => {
  await using engine = await openWithContainers();

  const lines = (await engine.ok("ps", "-a")).split("\n");

  expect(lines[0]).toMatch(/^CONTAINER ID {3}IMAGE {10}COMMAND {2,}CREATED {2,}STATUS {2,}PORTS {5}NAMES$/);
  const row = (name: string, command: string, status: string) =>
    new RegExp(
      `^[0-9a-f]{12}   busybox:test   "${command}" +(Less than a|\\d+) seconds? ago +${status} +${name}$`,
    );
  expect(lines[1]).toMatch(row("idle", "true", "Created"));
  expect(lines[2]).toMatch(row("job", "sh -c exit 3", "Exited \\(3\\) (Less than a|\\d+) seconds? ago"));
  expect(lines[3]).toMatch(row("web", "sleep 1000", "Up (Less than a|\\d+) seconds?"));
  expect(lines).toHaveLength(4);
});

engineTest("ps filters, counts and formats", async () => {
  await using engine = await openWithContainers();
  const names = async (...flags: string[]) =>
    (await engine.ok("ps", "--format", "{{.Names}}", ...flags)).split("\n").filter(Boolean);

  expect(await names()).toEqual(["web"]);
  expect(await names("-a")).toEqual(["idle", "job", "web"]);
  expect(await names("-l")).toEqual(["idle"]);
  expect(await names("-n", "2")).toEqual(["idle", "job"]);
  expect(await names("-f", "status=exited", "-f", "status=created")).toEqual(["idle", "job"]);
  expect(await names("-f", "exited=3")).toEqual(["job"]);
  expect(await names("-a", "-f", "label=tier")).toEqual(["idle", "web"]);
  expect(await names("-a", "-f", "label=tier=front", "-f", "label=x")).toEqual(["web"]);
  expect(await names("-a", "-f", "name=^j")).toEqual(["job"]);
  expect(await names("-a", "-f", "ancestor=busybox:test", "-f", "network=none")).toHaveLength(3);
  expect(await names("-a", "-f", "since=web")).toEqual(["idle", "job"]);
  expect(await names("-a", "-f", "before=job")).toEqual(["web"]);
  expect(await engine.ok("ps", "--format", 'table {{.Names}}\\t{{.State}}\\t{{.Label "tier"}}')).toBe(
    "NAMES     STATE     tier\nweb       running   front",
  );
  expect(JSON.parse(await engine.ok("ps", "--format", "json"))).toMatchObject({
    Names: "web",
    Command: '"sleep 1000"',
    Labels: "tier=front,x=",
    Networks: "none",
  });
});

engineTest("inspect prints JSON or a template, and what was found although something was not", async () => {
  await using engine = await openWithContainers();

  const [web] = JSON.parse(await engine.ok("inspect", "web"));
  const id = await engine.ok("ps", "-q", "--no-trunc");
  const { exitCode, stdout, stderr } = await engine.run(
    "inspect",
    "-f",
    "{{.Name}} {{.Id}}",
    "web",
    "nothing",
  );

  expect(web).toMatchObject({ Id: id, Name: "/web", State: { Status: "running", Running: true } });
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: `/web ${id}\n`,
    stderr: "Error: No such object: nothing\n",
  });
  expect(await engine.ok("inspect", "-f", "{{json .Config.Labels}}", id.slice(0, 12))).toBe(
    '{"tier":"front","x":""}',
  );
  expect(await engine.ok("inspect", "-f", "{{range .Config.Cmd}}<{{.}}>{{end}}", "web")).toBe(
    "<sleep><1000>",
  );
  expect(await engine.ok("image", "inspect", "-f", "{{.RepoTags}} {{.Os}}", "busybox:test")).toBe(
    "[busybox:test] linux",
  );
  expect((await engine.run("inspect", "--type", "image", "web")).exitCode).toBe(1);
  expect((await engine.run("inspect", "-f", "{{.Nothing}}", "web")).stderr).toContain(
    'template parsing error: template: :1:2: executing "" at <.Nothing>: map has no entry for key "Nothing"',
  );
});

engineTest("verbs with many targets try them all, and tell each error", async () => {
  await using engine = await openWithContainers();

  const removed = await engine.run("rm", "nobody", "idle", "web", "job");

  expect(removed.stdout).toBe("idle\njob\n");
  expect(removed.exitCode).toBe(1);
  expect(removed.stderr).toContain("Error: No such container: nobody\n");
  expect(removed.stderr).toContain("web");
  expect(await engine.run("rm", "-f", "nobody")).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "Error: No such container: nobody\n",
  });
  expect((await engine.run("stop", "-t", "0", "nobody", "web")).stdout).toBe("web\n");
});

engineTest("images lists names with tags, IDs and sizes", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  expect(await engine.ok("images")).toMatch(
    /^REPOSITORY {3}TAG {7}IMAGE ID {7}CREATED {2,}SIZE\nbusybox {6}test {6}[0-9a-f]{12} {3}.* ago {3}[\d.]+[kM]B$/,
  );
  expect(await engine.ok("images", "-q", "--no-trunc")).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await engine.ok("images", "--format", "{{.Repository}}:{{.Tag}}", "busybox")).toBe("busybox:test");
  expect(await engine.ok("images", "-q", "nothing")).toBe("");
});

engineTest("a refused command line makes nothing, and the same with the cause gone works", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();
  const cidfile = join(engine.root, "cid");
  const run = (...flags: string[]) => engine.run("run", "--rm", ...NONE, ...flags, "busybox:test", "true");

  for (const flags of [
    ["--memory", "1q"],
    ["--memry", "1g"],
    ["-p", "80:80"],
    ["--pull", "sometimes"],
    ["-v", "data:/x"],
    ["--cpus", "1", "--cpu-quota", "1000"],
    ["--env-file", "/nowhere"],
  ]) {
    const refused = await run("--cidfile", cidfile, ...flags);
    expect({ flags, exitCode: refused.exitCode, stdout: refused.stdout }).toEqual({
      flags,
      exitCode: 125,
      stdout: "",
    });
    expect(existsSync(cidfile)).toBe(false);
  }
  expect(await engine.ok("ps", "-aq")).toBe("");
  expect((await run("--cidfile", cidfile)).exitCode).toBe(0);
  expect(readFileSync(cidfile, "utf8")).toMatch(/^[0-9a-f]{64}$/);
  expect((await run("--cidfile", cidfile)).stderr).toContain("container ID file found");
});
