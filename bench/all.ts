/** `npm run bench [-- start exec …]`: the comparisons, one after the other. */
import { join } from "node:path";

const ALL = ["start", "exec", "memory", "logs", "load", "pull", "unpack"];
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ALL) {
  if (!ALL.includes(name)) throw new Error(`no benchmark ${name}: there are ${ALL.join(", ")}`);
  const script = name === "load" ? ["pull.ts", "load"] : [`${name}.ts`];
  const { exitCode } = Bun.spawnSync(
    [process.execPath, join(import.meta.dir, script[0]!), ...script.slice(1)],
    {
      stdio: ["inherit", "inherit", "inherit"],
    },
  );
  if (exitCode !== 0) process.exitCode = exitCode;
}
