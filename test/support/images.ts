/**
 * Small images, made here: busybox and its names, in the shapes an image comes in.
 *
 * Everything is written once for each test run, below one temporary folder that goes away with the process.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

const PASSWD = ["root:x:0:0:root:/root:/bin/sh", "app:x:1000:1000:app:/home/app:/bin/sh"];
const GROUP = ["root:x:0:", "app:x:1000:", "staff:x:50:app"];

let shared: string | undefined;

function folder(): string {
  if (shared === undefined) {
    const dir = tempDir("images");
    process.on("exit", () => dir[Symbol.dispose]());
    shared = dir.path;
  }
  return shared;
}

function busybox(): string {
  const path = ["/bin/busybox", "/usr/bin/busybox"].find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error("no busybox: apt-get install busybox-static");
  return path;
}

function run(...argv: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(argv, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
}

const sha256 = (bytes: string | Uint8Array): string =>
  new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** A root file system with busybox under its names in /bin, two users and the folders that mounts need. */
export function busyboxRootfs(): string {
  const rootfs = join(folder(), "rootfs");
  if (existsSync(rootfs)) return rootfs;
  for (const name of ["bin", "dev", "etc", "home/app", "proc", "root", "sys", "tmp", "var/empty"]) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
  copyFileSync(busybox(), join(rootfs, "bin/busybox"));
  const names = Bun.spawnSync([busybox(), "--list"]).stdout.toString().trim().split("\n");
  for (const name of names) {
    if (name !== "busybox") symlinkSync("busybox", join(rootfs, "bin", name));
  }
  writeFileSync(join(rootfs, "etc/passwd"), `${PASSWD.join("\n")}\n`);
  writeFileSync(join(rootfs, "etc/group"), `${GROUP.join("\n")}\n`);
  run("chown", "-R", "0:0", rootfs);
  run("chown", "1000:1000", join(rootfs, "home/app"));
  run("chmod", "1777", join(rootfs, "tmp"));
  return rootfs;
}

/** What an image's config says of how to run it; names as the image spec has them. */
export interface ImageOptions {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

function layerTar(): { path: string; diffId: string; size: number } {
  const path = join(folder(), "layer.tar");
  if (!existsSync(path))
    run("tar", "-C", busyboxRootfs(), "--numeric-owner", "--sort=name", "-cf", path, ".");
  return { path, diffId: `sha256:${digestOf(path)}`, size: Bun.file(path).size };
}

function digestOf(path: string): string {
  return Bun.spawnSync(["sha256sum", path]).stdout.toString().slice(0, 64);
}

function imageConfig(diffId: string, options: ImageOptions): string {
  return JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    config: { Env: ["PATH=/bin:/usr/bin"], Cmd: ["sh"], ...options },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created: "2024-01-01T00:00:00Z", created_by: "test" }],
  });
}

/**
 * A docker-archive (what `docker save` writes) of the busybox image.
 *
 * @param tag the name it loads as, "busybox:test"
 * @returns the tar's path
 */
export function dockerArchive(tag = "busybox:test", options: ImageOptions = {}): string {
  const layer = layerTar();
  const config = imageConfig(layer.diffId, options);
  const name = sha256(config);
  const dir = join(folder(), `archive-${sha256(tag + name).slice(0, 12)}`);
  const tar = `${dir}.tar`;
  if (existsSync(tar)) return tar;
  mkdirSync(join(dir, "layer"), { recursive: true });
  copyFileSync(layer.path, join(dir, "layer/layer.tar"));
  writeFileSync(join(dir, `${name}.json`), config);
  const manifest = [{ Config: `${name}.json`, RepoTags: [tag], Layers: ["layer/layer.tar"] }];
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest));
  run("tar", "-C", dir, "-cf", tar, ...readdirSync(dir).sort());
  return tar;
}

/**
 * An OCI image layout of the busybox image, its layer compressed by gzip.
 *
 * @param name what the index's annotation `org.opencontainers.image.ref.name` says
 * @returns the folder's path
 */
export function ociLayout(name = "busybox:test", options: ImageOptions = {}): string {
  const layer = layerTar();
  const config = imageConfig(layer.diffId, options);
  const dir = join(folder(), `oci-${sha256(name + config).slice(0, 12)}`);
  if (existsSync(dir)) return dir;
  const blobs = join(dir, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  run("sh", "-c", 'gzip -nc < "$1" > "$2"', "sh", layer.path, join(blobs, "layer"));
  const layerDigest = digestOf(join(blobs, "layer"));
  const layerSize = Bun.file(join(blobs, "layer")).size;
  run("mv", join(blobs, "layer"), join(blobs, layerDigest));
  const put = (text: string) => {
    writeFileSync(join(blobs, sha256(text)), text);
    return { digest: `sha256:${sha256(text)}`, size: Buffer.byteLength(text) };
  };
  const manifest = put(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...put(config) },
      layers: [
        {
          mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
          digest: `sha256:${layerDigest}`,
          size: layerSize,
        },
      ],
    }),
  );
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        ...manifest,
        annotations: { "org.opencontainers.image.ref.name": name },
      },
    ],
  };
  writeFileSync(join(dir, "index.json"), JSON.stringify(index));
  writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return dir;
}
