/** `exec CONTAINER true` in a running container, whole process. */
import { type Engine, IMAGE, must, startEngines } from "./support/contenders.ts";
import { command, interleave, printRatios } from "./support/measure.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const folder = enterPrivateNamespaces();
const engines = await startEngines(folder);
const start = (engine: Engine) =>
  must(engine.argv("run", "-d", "--name", "bench", "--network", "none", IMAGE, "sleep", "100000"));

for (const engine of engines) start(engine);
const contenders = engines.map((engine) => command(engine.name, engine.argv("exec", "bench", "true")));
const results = await interleave(contenders, { rounds: Number(process.env.ROUNDS ?? 30) });
printRatios("exec CONTAINER true", results, results[0]?.name ?? "");
