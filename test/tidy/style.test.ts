import { describe, expect, test } from "bun:test";
import { type SourceFile, sourceFiles } from "./files.ts";
import * as style from "./style.ts";

const SOURCE = ["ffi", "src"];
const EVERYTHING = [...SOURCE, "test", "bench", "scripts"];

const violations = (folders: readonly string[], rule: (file: SourceFile) => string[]) =>
  sourceFiles(folders)
    .filter(({ path }) => !path.startsWith("test/tidy/style"))
    .flatMap(rule);

describe("style", () => {
  test("no file has more than 500 lines", () => {
    expect(violations(EVERYTHING, style.tooManyLines)).toEqual([]);
  });

  test("no line has more than 110 columns", () => {
    expect(violations(EVERYTHING, style.tooLongLines)).toEqual([]);
  });

  test("file names are kebab-case and say what is inside", () => {
    expect(violations(EVERYTHING, style.badFileName)).toEqual([]);
  });

  test("every exported function and class has a docstring", () => {
    expect(violations(SOURCE, style.missingDocs)).toEqual([]);
  });

  test("only cli and main use the terminal, and nobody uses process.stdout", () => {
    expect(violations(SOURCE, style.terminalUse)).toEqual([]);
  });

  test("nothing is left for later in a comment", () => {
    expect(violations(EVERYTHING, style.unfinishedWords)).toEqual([]);
  });

  test("no file only hands on what others export", () => {
    expect(violations(SOURCE, style.barrel)).toEqual([]);
  });

  test("every test that can be skipped says why", () => {
    expect(violations(EVERYTHING, style.silentSkips)).toEqual([]);
  });
});

describe("the style rules themselves", () => {
  const file = (text: string, path = "src/lib/x.ts"): SourceFile => ({ path, text });

  test("find long files and lines, but not tables and unbreakable strings", () => {
    expect(style.tooManyLines(file("x\n".repeat(501)))).toHaveLength(1);
    expect(style.tooManyLines(file("x\n".repeat(501), "ffi/abi/x86-64.ts"))).toEqual([]);
    expect(style.tooLongLines(file(`const x = ${"a + ".repeat(40)}1;`))).toHaveLength(1);
    expect(style.tooLongLines(file(`const x = "${"long ".repeat(40)}";`))).toEqual([]);
  });

  test("find names that are not kebab-case or say nothing", () => {
    expect(style.badFileName(file("", "src/lib/atomicFile.ts"))).toHaveLength(1);
    expect(style.badFileName(file("", "src/lib/utils.ts"))).toHaveLength(1);
    expect(style.badFileName(file("", "src/lib/atomic-file.test.ts"))).toEqual([]);
  });

  test("find an export without docs, but no overload", () => {
    expect(style.missingDocs(file("export function a() {}"))).toHaveLength(1);
    expect(style.missingDocs(file("\nexport const a = (x: number) => x;"))).toHaveLength(1);
    expect(
      style.missingDocs(file("/** Does a. */\nexport function a(): void;\nexport function a(x?: 1) {}")),
    ).toEqual([]);
  });

  test("find the terminal used below cli, but not in a comment", () => {
    expect(style.terminalUse(file("process.stdout.write('x')"))).toHaveLength(1);
    expect(style.terminalUse(file("console.log(process.argv)"))).toHaveLength(2);
    expect(style.terminalUse(file("// process.stdout is not used\n"))).toEqual([]);
  });

  test("find plans in comments, barrels and silent skips", () => {
    expect(style.unfinishedWords(file(`// ${"TO" + "DO"}: later`))).toHaveLength(1);
    expect(style.barrel(file('export * from "./a.ts";'))).toHaveLength(1);
    expect(style.silentSkips(file('test.skip("x", () => {})', "test/unit/x.test.ts"))).toHaveLength(1);
  });
});
