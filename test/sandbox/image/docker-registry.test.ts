import { describe, expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { pull } from "../../../src/image/pull.ts";
import { findImage } from "../../../src/image/resolve.ts";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";
import { ociLayout } from "../../support/images.ts";
import { isRoot, testUnless } from "../../support/machine.ts";
import { tempDir } from "../../support/temp-dir.ts";

const TOOLS = ["docker-registry", "skopeo"];
const START_LIMIT_MS = 20_000;

const missing = isRoot ? TOOLS.find((tool) => Bun.which(tool) === null) : "root";
const registryTest = testUnless(missing === undefined ? undefined : `needs ${missing}`);

/** Debian's docker-registry on a free port of the loopback. */
async function startRegistry(dir: string): Promise<AsyncDisposable & { readonly host: string }> {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const host = `127.0.0.1:${probe.port}`;
  probe.stop(true);
  const config = `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: "${dir}/storage" } }
http: { addr: "${host}" }
`;
  writeFileSync(`${dir}/config.yml`, config);
  const server = Bun.spawn(["docker-registry", "serve", `${dir}/config.yml`], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers(host))) {
    if (Date.now() > deadline || server.exitCode !== null) throw new Error("docker-registry did not start");
    await Bun.sleep(20);
  }
  const stop = async () => {
    server.kill();
    await server.exited;
  };
  return { host, [Symbol.asyncDispose]: stop };
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`)).ok;
  } catch {
    return false; // Not yet.
  }
}

describe("a real registry", () => {
  registryTest("serves what skopeo pushed, and skopeo reads what we stored", async () => {
    using dir = tempDir("docker-registry");
    await using registry = await startRegistry(dir.path);
    const reference = `${registry.host}/busybox:test`;
    const push = [
      "copy",
      "--quiet",
      "--dest-tls-verify=false",
      `oci:${ociLayout("busybox:test")}:busybox:test`,
    ];
    skopeo(...push, `docker://${reference}`);

    const root = `${dir.path}/root`;
    const database = openDatabase(root);
    const target = new LayerUnpacker(new LayerStore(database, storePaths(root)));
    const pulled = await pull(reference, { rootDir: root, database, target, registry: { userAgent: "x" } });

    const { layerDirectories, config } = findImage(database, root, reference);
    expect(config.Cmd).toEqual(["sh"]);
    expect(existsSync(`${layerDirectories[0]}/bin/busybox`)).toBe(true);
    expect(skopeo("inspect", "--format", "{{.Digest}}", `oci:${root}/image:${reference}`)).toBe(
      pulled.digest,
    );
    expect(JSON.parse(readFileSync(`${root}/image/index.json`, "utf8")).manifests).toHaveLength(1);
    await expect(
      pull(`${registry.host}/busybox:no`, { rootDir: root, database, target, registry: { userAgent: "x" } }),
    ).rejects.toThrow(`manifest for ${registry.host}/busybox:no not found: manifest unknown`);
    await expect(
      pull(`${registry.host}/no/name`, { rootDir: root, database, target, registry: { userAgent: "x" } }),
    ).rejects.toThrow(/not found: /);
  });
});

function skopeo(...args: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["skopeo", "--insecure-policy", ...args]);
  if (exitCode !== 0) throw new Error(`skopeo ${args.join(" ")}: ${stderr}`);
  return stdout.toString().trim();
}
