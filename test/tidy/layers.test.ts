import { describe, expect, test } from "bun:test";
import { sourceFiles } from "./files.ts";
import { importsOf, LAYERS, layerViolations } from "./layers.ts";

describe("layers", () => {
  test("every import of ffi/ and src/ points down, and only to packages its folder may use", () => {
    const files = sourceFiles(["ffi", "src"]);

    expect(files.length).toBeGreaterThan(10);
    expect(files.flatMap(({ path, text }) => layerViolations(path, text))).toEqual([]);
  });

  test("the table has no cycle: what a layer may import may not import it", () => {
    const pairs = Object.entries(LAYERS).flatMap(([layer, below]) =>
      below
        .filter((lower) => lower !== layer && LAYERS[lower]?.includes(layer))
        .map((lower) => `${layer} ↔ ${lower}`),
    );

    expect(pairs.filter((pair) => pair !== "lib ↔ errors")).toEqual([]);
  });
});

describe("the check of layers itself", () => {
  const violations = (path: string, source: string) => layerViolations(path, source);

  test("finds an import that points up, to a peer, and past kernel to ffi", () => {
    expect(
      violations("src/spec/digest.ts", 'import { open } from "../store/database.ts"; open();'),
    ).toHaveLength(1);
    expect(
      violations("src/network/bridge.ts", 'import { run } from "../container/run.ts"; run();'),
    ).toHaveLength(1);
    expect(
      violations("src/engine/run.ts", 'import { mount } from "../../ffi/sys/mount.ts"; mount();'),
    ).toHaveLength(1);
  });

  test("finds the import of a type, an import() and a re-export", () => {
    expect(
      violations("src/kernel/mounts.ts", 'import type { X } from "../container/config.ts";'),
    ).toHaveLength(1);
    expect(
      violations("src/kernel/mounts.ts", 'export const x = () => import("../engine/run.ts");'),
    ).toHaveLength(1);
    expect(violations("src/kernel/mounts.ts", 'export { x } from "../cli/output.ts";')).toHaveLength(1);
    expect(importsOf('import type {\n  A,\n  B,\n} from "./a.ts";')).toEqual(["./a.ts"]);
  });

  test("finds packages outside their folders, and packages nobody decided on", () => {
    expect(violations("src/engine/run.ts", 'import { dlopen } from "bun:ffi"; dlopen;')).toHaveLength(1);
    expect(violations("src/engine/run.ts", 'import consola from "consola"; consola;')).toHaveLength(1);
    expect(violations("src/cli/log.ts", 'import chalk from "chalk"; chalk;')).toHaveLength(1);
    expect(violations("src/spec/digest.ts", 'import fs from "node:fs"; fs;')).toHaveLength(1);
  });

  test("accepts what the layers allow", () => {
    expect(
      violations("src/kernel/mounts.ts", 'import { mount } from "../../ffi/sys/mount.ts"; mount();'),
    ).toEqual([]);
    expect(violations("src/cli/log.ts", 'import consola from "consola"; consola;')).toEqual([]);
    expect(violations("src/main.ts", 'import("./cli/run.ts");')).toEqual([]);
    expect(violations("src/image/pull.ts", 'import { a } from "../store/images.ts"; a;')).toEqual([]);
  });
});
