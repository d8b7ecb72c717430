import { readFileSync } from "node:fs";

const target = process.argv[2] ?? "";
const { exitCode } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "nosuid", "tmpfs", target]);
const line = readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .find((entry) => entry.includes(target));
console.log(JSON.stringify({ exitCode, mounted: line?.includes("tmpfs") ?? false }));
