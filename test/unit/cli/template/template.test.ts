import { describe, expect, test } from "bun:test";
import { compileTemplate } from "../../../../src/cli/template/evaluate.ts";
import { Struct } from "../../../../src/cli/template/print.ts";
import { TemplateError } from "../../../../src/cli/template/template-error.ts";
import golden from "../../../golden/cli/docker-templates.json";

interface Case {
  readonly template: string;
  readonly output?: string;
  readonly error?: string;
}

const fill = (template: string, data: unknown = golden.object) => compileTemplate(template).execute(data);

describe("prints what docker inspect --format prints:", () => {
  for (const { template, output, error } of golden.cases as Case[]) {
    test(template, () => {
      if (error === undefined) expect(fill(template)).toBe(output!);
      else expect(() => fill(template)).toThrow(new Error(error));
    });
  }
});

test("trims, nests, changes variables and leaves loops", () => {
  expect(fill("a  {{- 1 -}}  b")).toBe("a1b");
  expect(fill("{{$n := 0}}{{range .Mounts}}{{$n = len .Type}}{{end}}{{$n}}")).toBe("5");
  expect(fill("{{range $i, $m := .Mounts}}{{if eq $i 1}}{{break}}{{end}}{{$m.Type}}{{end}}")).toBe("bind");
  expect(fill("{{with .Nothing}}x{{else}}y{{end}}", { Nothing: null })).toBe("y");
  expect(fill("{{with .A}}x{{else with .B}}{{.}}{{end}}", { A: "", B: "b" })).toBe("b");
  expect(fill("{{range .}}{{.}},{{else}}none{{end}}", [])).toBe("none");
  expect(fill('{{printf "%-6s|%6.2f" "ab" 3.14159}}')).toBe("ab    |  3.14");
  expect(fill("{{.a.b.c}}", { a: { b: { c: [1, "x", null] } } })).toBe("[1 x <nil>]");
});

test("a row's fields and methods are reached; one that is not there names the row's type", () => {
  class Line extends Struct {
    override readonly goType = "*formatter.Line";
    readonly Name = "web";
    Label(name: string): string {
      return `<${name}>`;
    }
  }

  expect(fill('{{.Name}} {{.Label "x"}}', new Line())).toBe("web <x>");
  expect(() => fill("{{.Foo}}", new Line())).toThrow(
    `template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.Line`,
  );
});

test("broken templates of every kind fail as templates, never otherwise", () => {
  const bits = [
    "{{",
    "}}",
    "{{-",
    "(",
    ")",
    "|",
    ".",
    "$x",
    ":=",
    '"',
    "`",
    "/*",
    "range",
    "end",
    "else",
    "index",
    "é",
  ];
  const seeds = (golden.cases as Case[]).map(({ template }) => template);
  let state = 1;
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };

  for (let round = 0; round < 5000; round++) {
    const seed = seeds[below(seeds.length)]!;
    const at = below(seed.length + 1);
    const broken = seed.slice(0, at) + bits[below(bits.length)] + seed.slice(at + below(4));
    try {
      fill(broken);
    } catch (error) {
      if (!(error instanceof TemplateError))
        throw new Error(`for ${JSON.stringify(broken)}`, { cause: error });
    }
  }
});
