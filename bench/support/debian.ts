/** A real image: Debian's minbase, made by debootstrap once and kept, and a registry that serves it. */
import { existsSync, openSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, must } from "./contenders.ts";
import { withFolder } from "./private.ts";

const CACHE = process.env.BENCH_CACHE ?? join(import.meta.dir, "../cache");
const REGISTRY = "127.0.0.1:5000";

/** Where the registry has the image. */
export const DEBIAN = `${REGISTRY}/debian:bench`;

/**
 * The root file system as a plain tar.
 *
 * debootstrap needs the network, so this comes before {@link enterPrivateNamespaces}.
 */
export function debianTar(): string {
  const tar = join(CACHE, "debian-minbase.tar");
  if (existsSync(tar)) return tar;
  const temporary = withFolder(join(CACHE, `debootstrap-${process.pid}`));
  must(["debootstrap", "--variant=minbase", "bookworm", temporary]);
  must(["tar", "-C", temporary, "--numeric-owner", "-cf", `${tar}.tmp`, "."]);
  must(["rm", "-rf", temporary]);
  renameSync(`${tar}.tmp`, tar);
  return tar;
}

export interface DebianImage {
  /** What `docker save` wrote. */
  readonly archive: string;
  /** The layer as the registry has it, compressed by gzip. */
  readonly layer: string;
}

/** Starts a registry in `folder` and lets docker push the image into it and save it beside. */
export async function serveDebian(folder: string, docker: Engine, tar: string): Promise<DebianImage> {
  const storage = join(folder, "registry");
  const config = withFolder(join(folder, "registry.yml"));
  writeFileSync(
    config,
    `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${storage}\nhttp:\n  addr: ${REGISTRY}\n`,
  );
  const log = openSync(join(folder, "registry.log"), "a");
  Bun.spawn(["docker-registry", "serve", config], { stdio: ["ignore", log, log] }).unref();
  for (let tries = 0; ; tries++) {
    const up = await fetch(`http://${REGISTRY}/v2/`)
      .then(({ ok }) => ok)
      .catch(() => false);
    if (up) break;
    if (tries > 200) throw new Error("docker-registry is not ready after 10 s");
    await Bun.sleep(50);
  }
  const archive = join(folder, "debian-archive.tar");
  must(docker.argv("import", tar, DEBIAN));
  must(docker.argv("push", "-q", DEBIAN));
  must(docker.argv("save", "-o", archive, DEBIAN));
  must(docker.argv("rmi", DEBIAN));
  return { archive, layer: largestFile(storage) };
}

function largestFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const [largest] = files.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error(`${folder} has no file`);
  return largest;
}
