/** `pull` of a Debian image from a registry on this machine, and `load` of the same from a file (`pull.ts load`). */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { prepareOurs, preparePodman, startDocker } from "./support/contenders.ts";
import { DEBIAN, debianTar, serveDebian } from "./support/debian.ts";
import { type Contender, command, interleave, printRatios } from "./support/measure.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const verb = process.argv[2] === "load" ? "load" : "pull";
const tar = debianTar();
const folder = enterPrivateNamespaces();
const docker = await startDocker(folder);
if (docker === undefined) throw new Error("this benchmark needs docker to push the image");
const image = await serveDebian(folder, docker, tar);

let runs = 0;
/** Each run has a folder of its own: what deleting the last one costs later is not measured. */
const fresh = (name: string): string => {
  const path = join(folder, `${name}-${runs++}`);
  mkdirSync(path);
  return path;
};
const words = verb === "load" ? ["load", "-q", "-i", image.archive] : ["pull", "-q", DEBIAN];
const podmanWords = verb === "load" ? words : ["pull", "-q", "--tls-verify=false", DEBIAN];

const contenders: Contender[] = [
  { name: "tar -xzf", run: () => command("tar", ["tar", "-C", fresh("tar"), "-xzf", image.layer]).run() },
];
if (prepareOurs(folder) !== undefined) {
  const run = () => command("mini-docker", prepareOurs(fresh("ours"))!.argv(...words)).run();
  contenders.push({ name: "mini-docker", run });
}
if (preparePodman(folder) !== undefined) {
  const run = () => command("podman", preparePodman(fresh("podman"))!.argv(...podmanWords)).run();
  contenders.push({ name: "podman", run });
}
contenders.push({
  ...command("docker", docker.argv(...words)),
  after: () => command("docker rmi", docker.argv("rmi", DEBIAN)).run(),
});
const results = await interleave(contenders, { rounds: Number(process.env.ROUNDS ?? 5), warmups: 1 });
printRatios(`${verb} of a Debian image`, results, "tar -xzf");
