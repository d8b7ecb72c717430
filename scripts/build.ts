/**
 * `npm run build`: compiles dist/mini-docker, one executable, from npm packages alone.
 *
 * Where a C compiler is found the shim is compiled first; elsewhere its committed bytes are used.
 * `npm run build -- --target bun-linux-arm64` (or `…-musl`) compiles for another machine; Bun fetches its runtime.
 */
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildShim } from "../ffi/shim/build.ts";

const root = join(import.meta.dir, "..");

/** What `bun build` starts from: the program, and each worker (a thread finds its code by its own entry point). */
const ENTRIES = ["src/main.ts", "src/image/unpack-worker.ts"];

/**
 * Every flag has a reason.
 *
 * - splitting: a lazy import() costs nothing until it runs; without it start-up takes twice as long.
 * - bytecode, minify: start-up again, by about half.
 * - compile-jit-policy: a command ends before compiled code would pay for its compilation: a quarter less CPU time.
 * - reject-unresolved: an import() of a computed path would compile and then fail at run time.
 * - no-compile-autoload-*: the executable would otherwise read .env from the folder it is started in and run that
 *   folder's bunfig.toml preload as root.
 */
const FLAGS = [
  "--compile",
  "--format=esm",
  "--minify",
  "--bytecode",
  "--splitting",
  "--compile-jit-policy=10",
  "--sourcemap=none",
  "--reject-unresolved",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

const { values: options } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string" } },
});
const outfile =
  options.outfile ?? join(root, "dist", options.target ? `mini-docker-${options.target}` : "mini-docker");

function compile(): void {
  const temporary = `${outfile}.${process.pid}.tmp`; // Renamed when complete: a running executable is never rewritten.
  const build = Bun.spawnSync(
    [
      ...[process.execPath, "build", ...FLAGS],
      ...(options.target ? [`--target=${options.target}`] : []),
      ...ENTRIES.filter((entry) => existsSync(join(root, entry))),
      ...["--outfile", temporary],
    ],
    { cwd: root, stdin: "ignore", stdout: "ignore", stderr: "inherit" },
  );
  if (build.exitCode !== 0) process.exit(build.exitCode || 1);
  renameSync(temporary, outfile);
}

mkdirSync(join(outfile, ".."), { recursive: true });
for (const line of buildShim()) console.log(line);
compile();
console.log(`${outfile}: ${(statSync(outfile).size / 2 ** 20).toFixed(1)} MiB`);
