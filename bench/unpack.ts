/**
 * One layer: ours, its diffID verified and all of it on disk, against `tar -xzf` and `tar --zstd -xf`, whole process.
 *
 * `ROOTFS=/tmp/debian-rootfs npm run bench -- unpack`; the layer is made of that folder, which
 * `debootstrap --variant=minbase bookworm /tmp/debian-rootfs` makes. FOLDER says where to unpack to: /dev/shm unless set.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Contender, command, interleave, printRatios } from "./support/measure.ts";

const rootfs = process.env.ROOTFS ?? "/tmp/debian-rootfs";
const folder = mkdtempSync(join(process.env.FOLDER ?? "/dev/shm", "mini-docker-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function shell(script: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-ec", script, "sh", rootfs, folder]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr.toString()}`);
  return stdout.toString();
}

shell(
  'tar -C "$1" --numeric-owner -cf "$2/layer.tar" . && cd "$2" && gzip -k layer.tar && zstd -q layer.tar',
);
const diffId = `sha256:${shell('sha256sum "$2/layer.tar"').slice(0, 64)}`;

let count = 0;
/** Every run has a new folder, removed after it: removal is not what is measured. */
function into(name: string, argv: (target: string) => readonly string[]): Contender {
  let target = "";
  return {
    name,
    run() {
      target = join(folder, `run-${count++}`);
      mkdirSync(target);
      return command(name, argv(target)).run();
    },
    after: () => rmSync(target, { recursive: true }),
  };
}

const ours = (blob: string) => (target: string) => [
  process.execPath,
  join(import.meta.dir, "support/unpack-once.ts"),
  ...[target, join(folder, blob), diffId],
];
const tar = (flag: string, blob: string) => (target: string) => [
  ...["tar", "-C", target, flag, "-xf", join(folder, blob)],
];

for (const [title, flag, blob] of [
  ["gzip", "-z", "layer.tar.gz"],
  ["zstd", "--zstd", "layer.tar.zst"],
] as const) {
  const contenders = [into("tar", tar(flag, blob)), into("mini-docker", ours(blob))];
  const results = await interleave(contenders, { rounds: Number(process.env.ROUNDS ?? 10) });
  printRatios(`unpack a ${title} layer to ${folder}`, results, "tar");
}
