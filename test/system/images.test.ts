/** Images on their way in, by the program as a user runs it, and what it says of bad ones. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineTest, openTestEngine, type RunResult, type TestEngine } from "../support/engine.ts";
import { dockerArchive, ociLayout } from "../support/images.ts";
import { TestRegistry } from "../support/registry.ts";
import { tempDir } from "../support/temp-dir.ts";

const NONE = ["--rm", "--network", "none"];

/** Lets the registry answer for every name with the busybox image of an OCI layout. */
function serveBusybox(registry: TestRegistry): void {
  const layout = ociLayout();
  const blob = (digest: string) => readFileSync(join(layout, "blobs", digest.replace(":", "/")));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  registry.misbehave = (_request, url) => {
    const [kind, name = ""] = url.pathname.split("/").slice(-2);
    if (kind === "blobs") return new Response(blob(name));
    if (kind !== "manifests") return undefined;
    const { mediaType, digest } = index.manifests[0];
    return new Response(blob(digest), {
      headers: { "content-type": mediaType, "docker-content-digest": digest },
    });
  };
}

/** One clear line for a person, and the exit code that scripts expect. */
function expectRefusal(
  { exitCode, stdout, stderr }: RunResult,
  code: number,
  ...words: (string | RegExp)[]
): void {
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2); // The error, and a hint.
  expect(stderr).not.toMatch(/^\s+at /m);
  for (const word of words) expect(stderr).toMatch(word);
}

/** What a failed command may not leave in the store. */
function halfMade(engine: TestEngine): string[] {
  const folders = ["layers", "image/ingest", "containers"].map((name) => join(engine.root, name));
  return folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
}

engineTest(
  "load takes a docker archive by file or stdin, and an OCI layout as folder or tar; all run",
  async () => {
    await using engine = await openTestEngine();
    using dir = tempDir("oci-tar");
    const tar = join(dir.path, "oci.tar");
    Bun.spawnSync(["tar", "-C", ociLayout("oci:tar"), "-cf", tar, "."]);

    expect(await engine.ok("load", "-i", dockerArchive("archive:file"))).toContain("archive:file");
    const stdin = readFileSync(dockerArchive("archive:stdin"));
    expect((await engine.runWith({ stdin }, "load")).stdout).toContain("archive:stdin");
    await engine.ok("load", "-i", ociLayout("oci:folder"));
    await engine.ok("load", "-i", tar);

    for (const name of ["archive:file", "archive:stdin", "oci:folder", "oci:tar"]) {
      expect([name, await engine.ok("run", ...NONE, name, "echo", "runs")]).toEqual([name, "runs"]);
    }
  },
);

engineTest("pull takes an image from a registry on this machine, and run pulls what is missing", async () => {
  await using engine = await openTestEngine({ namespaces: "host" });
  using registry = new TestRegistry();
  serveBusybox(registry);

  const pulled = await engine.ok("pull", `${registry.host}/a/pulled:1`);
  const { exitCode, stdout } = await engine.run("run", ...NONE, `${registry.host}/a/run:1`, "echo", "runs");

  expect(pulled).toContain("sha256:");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "runs\n" });
  const listed = await engine.ok("images", "--format", "{{.Repository}}:{{.Tag}}");
  expect(listed.split("\n").toSorted()).toEqual([`${registry.host}/a/pulled:1`, `${registry.host}/a/run:1`]);
});

engineTest("--pull never and an unknown image are refused, and a registry that lies is named", async () => {
  await using engine = await openTestEngine({ namespaces: "host" });
  using registry = new TestRegistry();
  const image = await registry.push({ layers: [{ files: { a: "1" } }] }, "good");
  const layer = image.layers[0]!.digest;

  expectRefusal(
    await engine.run("run", "--pull", "never", ...NONE, `${registry.host}/a/b:good`, "true"),
    125,
    "good",
  );
  expectRefusal(await engine.run("pull", "-q", `${registry.host}/a/b:missing`), 1, "missing");
  registry.misbehave = (_request, url) =>
    url.pathname.endsWith(layer) ? new Response(registry.blob(layer).fill(0)) : undefined;
  expectRefusal(await engine.run("pull", "-q", `${registry.host}/a/b:good`), 1, /digest/i);
  registry.misbehave = (_request, url) =>
    url.pathname.endsWith(layer) ? new Response(registry.blob(layer).slice(0, 20)) : undefined;
  expectRefusal(await engine.run("pull", "-q", `${registry.host}/a/b:good`), 1);
  registry.misbehave = () => new Response("<html>login</html>", { headers: { "content-type": "text/html" } });
  expectRefusal(await engine.run("pull", "-q", `${registry.host}/a/b:good`), 1);
  expect(halfMade(engine)).toEqual([]);

  registry.misbehave = undefined;
  expect((await engine.run("pull", "-q", `${registry.host}/a/b:good`)).exitCode).toBe(0);
});

engineTest("what is no image is refused in one line, and leaves nothing half made", async () => {
  await using engine = await openTestEngine();
  using dir = tempDir("bad-images");
  const at = (name: string) => join(dir.path, name);
  writeFileSync(at("text"), "not a tar at all");
  writeFileSync(at("empty"), "");
  Bun.spawnSync(["tar", "-C", dir.path, "-cf", at("tar"), "text"]);
  Bun.spawnSync(["cp", dockerArchive(), at("short")]);
  truncateSync(at("short"), 700_000);

  for (const name of ["text", "empty", "tar", "short", "missing"]) {
    expectRefusal(await engine.run("load", "-i", at(name)), 1);
  }
  expect(halfMade(engine)).toEqual([]);
  expect(await engine.ok("images", "-q")).toBe("");
});

engineTest("rmi removes an image that no container uses, and its layers with the last name", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox("one:test");
  await engine.loadBusybox("two:test");
  const id = await engine.ok("create", "--name", "box", "--network", "none", "two:test", "true");

  expect((await engine.run("rmi", "one:test")).exitCode).toBe(0);
  const used = await engine.run("rmi", "two:test");
  expect(used.exitCode).toBe(1);
  expect(used.stderr).toContain(id.slice(0, 12));
  await engine.ok("rm", "box");
  await engine.ok("rmi", "two:test");

  expect(await engine.ok("images", "-q")).toBe("");
  expect(readdirSync(join(engine.root, "layers"))).toEqual([]);
});
