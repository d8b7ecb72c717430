/** `run --rm IMAGE true`, whole process, against the floor that namespaces cost, crun, podman and docker. */
import { busyboxRootfs } from "../test/support/images.ts";
import { bundleOfTrue, type Engine, IMAGE, startEngines } from "./support/contenders.ts";
import { type Contender, command, interleave, printRatios } from "./support/measure.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const folder = enterPrivateNamespaces();
const rounds = Number(process.env.ROUNDS ?? 30);
const engines = await startEngines(folder);

const floor = command("unshare", [
  "unshare",
  "-mpfnui",
  "--mount-proc",
  "chroot",
  busyboxRootfs(),
  "/bin/true",
]);
const run = (engine: Engine, ...flags: string[]) =>
  command(engine.name, engine.argv("run", "--rm", ...flags, IMAGE, "true"));

const noNetwork: Contender[] = [floor];
if (Bun.which("crun") !== null) {
  const bundle = bundleOfTrue(folder);
  noNetwork.push(command("crun", ["crun", "--cgroup-manager=disabled", "run", "--bundle", bundle, "bench"]));
}
for (const engine of engines) noNetwork.push(run(engine, "--network", "none"));
printRatios("run --rm --network none IMAGE true", await interleave(noNetwork, { rounds }), "unshare");

const bridge = [floor, ...engines.map((engine) => run(engine))];
printRatios("run --rm IMAGE true, default network", await interleave(bridge, { rounds }), "unshare");
