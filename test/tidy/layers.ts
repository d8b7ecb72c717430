/** The layers of the code as data, and the check of one file's imports against them. */
import { dirname, join, normalize } from "node:path";

/**
 * What each folder may import besides itself. Imports point down; folders on one line are peers and never meet: a need
 * for a neighbour is an interface in the asker's folder, and engine plugs it in.
 *
 *     main
 *     cli · api
 *     engine
 *     container · image · network
 *     registry · store · kernel
 *     archive
 *     spec
 *     lib · errors          ffi (kernel's alone)
 */
const BASE = ["lib", "errors"];
const OUTSIDE = ["registry", "store", "kernel"];
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  ffi: [],
  errors: [],
  lib: BASE,
  spec: BASE,
  archive: [...BASE, "spec"],
  registry: [...BASE, "spec", "archive"],
  store: [...BASE, "spec", "archive"],
  kernel: [...BASE, "spec", "archive", "ffi"],
  container: [...BASE, "spec", "archive", ...OUTSIDE],
  image: [...BASE, "spec", "archive", ...OUTSIDE],
  network: [...BASE, "spec", "archive", ...OUTSIDE],
  engine: [...BASE, "spec", "archive", ...OUTSIDE, "container", "image", "network"],
  cli: [...BASE, "spec", "container", "image", "network", "engine"],
  api: [...BASE, "spec", "container", "image", "network", "engine"],
  main: [...BASE, "engine", "cli", "api"],
};

/** Modules that only some folders may use; a package that is not here may be used by none. `node:` is free to all. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  bun: Object.keys(LAYERS),
  "bun:ffi": ["ffi"],
  "bun:sqlite": ["store"],
  citty: ["cli"],
  consola: ["cli"],
  "consola/core": ["cli"],
  nanotar: ["archive"],
  valibot: ["spec", "registry", "store", "image", "container", "engine", "cli", "kernel"],
};

/** Folders that do no I/O of their own: same in, same out. */
const PURE = ["spec", "archive"];
const IMPURE_MODULES =
  /^(node:|bun:)?(fs|fs\/promises|net|http|https|child_process|dgram|sqlite|ffi|worker_threads)$/;

/** The layer of a file, by its path below the repository's root: `src/kernel/mounts.ts` is in "kernel". */
export function layerOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "ffi") return "ffi";
  return (parts[1] ?? "").replace(/\.ts$/, "");
}

const transpiler = new Bun.Transpiler({ loader: "ts" });
const TYPE_IMPORT = /^(?:import|export) type [^;]*? from "([^"]+)"/gm;

/** Modules whose code `source` loads, in import, export and import(). */
function valueImportsOf(source: string): string[] {
  return transpiler.scanImports(source).map(({ path }) => path);
}

/** Every module that `source` names, the imports of types included. */
export function importsOf(source: string): string[] {
  const types = [...source.matchAll(TYPE_IMPORT)].map((match) => match[1] ?? "");
  return [...new Set([...valueImportsOf(source), ...types])];
}

/**
 * Checks one file's imports. The type of a package's object may be named by those who only hand the object on.
 *
 * @param path the file, below the repository's root
 * @returns what is wrong, a line each
 */
export function layerViolations(path: string, source: string): string[] {
  const layer = layerOf(path);
  const allowed = LAYERS[layer];
  if (allowed === undefined) return [`${path}: "${layer}" is not a layer of test/tidy/layers.ts`];
  const loaded = new Set(valueImportsOf(source));
  return importsOf(source).flatMap((specifier) => {
    if (specifier.startsWith(".")) {
      const target = normalize(join(dirname(path), specifier));
      if (/\.(json|bin|txt)$/.test(target)) return [];
      const to = layerOf(target);
      return to === layer || allowed.includes(to)
        ? []
        : [`${path}: ${layer} may not import ${to} (${specifier})`];
    }
    if (PURE.includes(layer) && IMPURE_MODULES.test(specifier))
      return [`${path}: ${layer} is pure: no ${specifier}`];
    if (specifier.startsWith("node:")) return [];
    const folders = PACKAGES[specifier] ?? PACKAGES[specifier.split("/")[0] ?? ""];
    if (folders === undefined) return [`${path}: "${specifier}" is no package of this project`];
    return folders.includes(layer) || !loaded.has(specifier)
      ? []
      : [`${path}: ${layer} may not import ${specifier}`];
  });
}
