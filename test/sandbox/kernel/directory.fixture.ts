/** Removes a tree with a mount inside it, in a mount namespace of its own, and says what happened. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../../src/kernel/remove-tree.ts";

const [path = ""] = process.argv.slice(2);
const mountPoint = join(path, "tree/inner/mnt");
mkdirSync(mountPoint, { recursive: true });
const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", mountPoint]).exitCode === 0;
writeFileSync(join(mountPoint, "precious"), "");

let code = "";
try {
  removeTree(join(path, "tree"));
} catch (error) {
  code = (error as { code?: string }).code ?? String(error);
}
console.log(JSON.stringify({ mounted, code, precious: existsSync(join(mountPoint, "precious")) }));
