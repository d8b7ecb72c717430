/** A container's output on its way through the engine: `run --rm IMAGE cat` of one large text, and its log. */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Engine, IMAGE, startEngines } from "./support/contenders.ts";
import { type Contender, interleave, printRatios } from "./support/measure.ts";
import { enterPrivateNamespaces } from "./support/private.ts";

const folder = enterPrivateNamespaces();
const megabytes = Number(process.env.MEGABYTES ?? 1024);

/** Lines of 100 bytes, which is about what programs write. */
function writeText(path: string): void {
  const block = Buffer.from(`${"x".repeat(99)}\n`.repeat(10486));
  const file = openSync(path, "w");
  for (let written = 0; written < megabytes * 2 ** 20;) written += writeSync(file, block);
}

writeText(join(folder, "text"));
const engines = await startEngines(folder);
const contender = (engine: Engine): Contender => ({
  name: engine.name,
  run() {
    const argv = engine.argv(
      "run",
      "--rm",
      "--network",
      "none",
      "-v",
      `${folder}:/data:ro`,
      IMAGE,
      "cat",
      "/data/text",
    );
    const { exitCode } = Bun.spawnSync(argv, { stdio: ["ignore", "ignore", "inherit"] });
    if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}`);
  },
});
const results = await interleave(engines.map(contender), {
  rounds: Number(process.env.ROUNDS ?? 3),
  warmups: 0,
});
printRatios(`run IMAGE cat of ${megabytes} MiB`, results, results[0]?.name ?? "");
for (const { name, medianMs } of results)
  console.log(`  ${name}: ${((megabytes / medianMs) * 1000).toFixed(0)} MiB/s`);
