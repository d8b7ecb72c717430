/**
 * Compiles the shim for both architectures into `prebuilt/`.
 *
 * The result is committed, so a machine without a compiler builds from the committed bytes; where one is found the
 * bytes are made anew. The same compiler gives the same bytes: no build ID, no paths, no time stamps.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ARCH, type Arch } from "../abi/syscalls.ts";

const here = import.meta.dir;

const FLAGS = [
  ...["-Os", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib", "-static", "-s"],
  ...[
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-fno-pic",
    "-no-pie",
    "-fno-tree-loop-distribute-patterns",
  ],
  ...["-fno-ident", "-Wl,--build-id=none", "-Wl,-z,noseparate-code", "-Wl,-z,noexecstack"],
];

/** The compilers tried for an architecture, in order of preference. */
export function compilers(arch: Arch): string[] {
  const name = arch === "x86-64" ? "x86_64" : "aarch64";
  return [`${name}-linux-gnu-gcc`, ...(arch === ARCH ? ["gcc", "cc"] : [])];
}

/** Where an architecture's shim is kept. */
export function shimPath(arch: Arch): string {
  return join(here, "prebuilt", `shim-${arch}`);
}

/**
 * Compiles the shim for one architecture.
 *
 * @returns the bytes, or `undefined` when no compiler for it is found. Throws with the compiler's words when it fails.
 */
export function compileShim(
  arch: Arch,
  compiler = compilers(arch).find((name) => Bun.which(name)),
): Uint8Array | undefined {
  if (compiler === undefined || Bun.which(compiler) === null) return undefined;
  const output = join(here, "prebuilt", `.shim-${arch}-${process.pid}`);
  mkdirSync(dirname(output), { recursive: true });
  try {
    const { exitCode, stderr } = Bun.spawnSync([compiler, ...FLAGS, "-o", output, "shim.c"], { cwd: here });
    if (exitCode !== 0) throw new Error(`Cannot compile the shim for ${arch} with ${compiler}:\n${stderr}`);
    return readFileSync(output);
  } finally {
    rmSync(output, { force: true });
  }
}

/** Compiles what can be compiled here. Says for each architecture what was done. */
export function buildShim(): string[] {
  return (["x86-64", "aarch64"] as const).map((arch) => {
    const bytes = compileShim(arch);
    const path = shimPath(arch);
    if (bytes === undefined) return `shim ${arch}: no compiler, the committed bytes are used`;
    if (existsSync(path) && Buffer.compare(readFileSync(path), bytes) === 0)
      return `shim ${arch}: unchanged, ${bytes.length} bytes`;
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
    return `shim ${arch}: ${bytes.length} bytes`;
  });
}

if (import.meta.main) for (const line of buildShim()) console.log(line);
