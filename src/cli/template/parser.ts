import { functionNames } from "./functions.ts";
import { type Token, tokenize } from "./lexer.ts";
import type { Command, Node, Operand, Pipe } from "./nodes.ts";
import { parseError } from "./template-error.ts";

/** Parses a template. @throws {TemplateError} with Go's message. */
export function parseTemplate(source: string): readonly Node[] {
  return new Parser(source).template();
}

interface Block {
  readonly nodes: Node[];
  readonly end: "end" | "else" | "end of template";
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #variables: string[] = ["$"];
  #loops = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  template(): readonly Node[] {
    const { nodes, end } = this.#block();
    if (end !== "end of template") throw parseError(`unexpected {{${end}}}`);
    return nodes;
  }

  /** Reads nodes up to `{{end}}`, the word `else` or the end of the template. */
  #block(): Block {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#tokens[this.#next++];
      if (!token) return { nodes, end: "end of template" };
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      this.#skipSpace();
      const keyword = this.#peek()?.kind === "word" ? this.#peek()!.text : "";
      if (keyword === "end" || keyword === "else") {
        this.#next++;
        if (keyword === "end") this.#close("end");
        return { nodes, end: keyword };
      }
      nodes.push(this.#action(keyword));
    }
  }

  #action(keyword: string): Node {
    if (keyword === "if" || keyword === "with" || keyword === "range") {
      this.#next++;
      return this.#control(keyword);
    }
    if (keyword === "break" || keyword === "continue") {
      this.#next++;
      if (this.#loops === 0) throw parseError(`{{${keyword}}} outside {{range}}`);
      this.#close(keyword);
      return { kind: keyword };
    }
    if (keyword === "define" || keyword === "template" || keyword === "block") {
      throw parseError(`{{${keyword}}} is not supported`);
    }
    const pipe = this.#pipe("command");
    this.#close("command");
    return { kind: "output", pipe };
  }

  #control(kind: "if" | "with" | "range"): Node {
    const outer = this.#variables.length;
    const pipe = this.#pipe(kind);
    this.#close(kind);
    if (kind === "range") this.#loops++;
    const body = this.#block();
    if (kind === "range") this.#loops--;
    let otherwise: readonly Node[] = [];
    if (body.end === "else") otherwise = this.#otherwise(kind);
    else if (body.end === "end of template") throw parseError("unexpected EOF");
    this.#variables.length = outer;
    return { kind, pipe, body: body.nodes, otherwise };
  }

  /** What follows `else`: `}} … {{end}}`, or another condition that shares the end. */
  #otherwise(kind: "if" | "with" | "range"): readonly Node[] {
    this.#skipSpace();
    const word = this.#peek()?.text;
    if (word === kind && kind !== "range") {
      this.#next++;
      return [this.#control(kind)];
    }
    this.#close("else");
    const block = this.#block();
    if (block.end === "else") throw parseError("expected end; found {{else}}");
    if (block.end === "end of template") throw parseError("unexpected EOF");
    return block.nodes;
  }

  /** Reads a pipeline up to its `}}` or `)`, which stays. */
  #pipe(context: string): Pipe {
    this.#skipSpace();
    const start = this.#position();
    const { variables, declares } = this.#assignment(context);
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(context));
      if (this.#peek()?.text !== "|") break;
      this.#next++;
    }
    for (const [index, { words }] of commands.entries()) {
      if (index > 0 && words[0]!.kind === "literal") {
        throw parseError(`non executable command in pipeline stage ${index + 1}`);
      }
    }
    if (declares) this.#variables.push(...variables);
    return {
      kind: "pipe",
      variables,
      declares,
      commands,
      source: this.#source.slice(start, this.#position()).trim(),
    };
  }

  #assignment(context: string): { variables: string[]; declares: boolean } {
    const before = this.#next;
    const variables: string[] = [];
    while (this.#peek()?.kind === "variable") {
      variables.push(this.#tokens[this.#next++]!.text);
      this.#skipSpace();
      const mark = this.#peek()?.text;
      if (mark === ":=" || mark === "=") {
        this.#next++;
        for (const name of mark === "=" ? variables : []) this.#checkVariable(name);
        return { variables, declares: mark === ":=" };
      }
      if (mark !== "," || context !== "range") break;
      this.#next++;
      this.#skipSpace();
    }
    this.#next = before;
    return { variables: [], declares: false };
  }

  #command(context: string): Command {
    this.#skipSpace();
    const at = this.#position();
    const words: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (!token || token.kind === "close" || token.text === "|" || token.text === ")") break;
      words.push(this.#operand(token));
      const after = this.#peek();
      if (after?.kind === "space") this.#skipSpace();
      else if (after && after.kind !== "close" && after.text !== "|" && after.text !== ")") {
        throw parseError(`unexpected ${JSON.stringify(after.text)} in operand`);
      }
    }
    if (words.length === 0) throw parseError(`missing value for ${context}`);
    return { words, source: words.map(({ source }) => source).join(" "), at };
  }

  #operand(token: Token): Operand {
    this.#next++;
    const { text, at } = token;
    switch (token.kind) {
      case "string":
        return { kind: "literal", value: unquote(text), source: text, at };
      case "char":
        return {
          kind: "literal",
          value: unquote(`"${text.slice(1, -1)}"`).codePointAt(0)!,
          source: text,
          at,
        };
      case "number":
        return {
          kind: "literal",
          value: text.startsWith("-0x") ? -Number(text.slice(1)) : Number(text),
          source: text,
          at,
        };
      case "field":
        return this.#chain([text.slice(1)], at, (fields, where) => ({ kind: "dot", fields, ...where }));
      case "variable":
        this.#checkVariable(text);
        return this.#chain([], at, (fields, where) => ({ kind: "variable", name: text, fields, ...where }));
      case "word":
        if (text === "true" || text === "false")
          return { kind: "literal", value: text === "true", source: text, at };
        if (text === "nil") return { kind: "literal", value: null, source: text, at };
        if (!functionNames.has(text)) throw parseError(`function ${JSON.stringify(text)} not defined`);
        return { kind: "function", name: text, source: text, at };
    }
    if (text === ".") return { kind: "dot", fields: [], source: ".", at };
    if (text === "(") {
      const pipe = this.#pipe("parenthesized pipeline");
      if (this.#tokens[this.#next++]?.text !== ")") throw parseError("unclosed left paren");
      return this.#chain([], at, (fields, where) => ({ kind: "group", pipe, fields, ...where }));
    }
    throw parseError(`unexpected ${JSON.stringify(text)} in operand`);
  }

  /** Reads the fields that follow an operand without a space. Go gives the place of the second part of a chain. */
  #chain(
    fields: readonly string[],
    at: number,
    make: (fields: readonly string[], where: { source: string; at: number }) => Operand,
  ): Operand {
    const all = [...fields];
    const place = this.#peek()?.kind === "field" ? this.#peek()!.at : at;
    while (this.#peek()?.kind === "field") all.push(this.#tokens[this.#next++]!.text.slice(1));
    return make(all, { source: this.#source.slice(at, this.#position()), at: place });
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw parseError(`undefined variable ${JSON.stringify(name)}`);
  }

  #close(context: string): void {
    this.#skipSpace();
    const token = this.#tokens[this.#next++];
    if (token?.kind !== "close")
      throw parseError(`unexpected ${JSON.stringify(token?.text ?? "EOF")} in ${context}`);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #position(): number {
    return this.#peek()?.at ?? this.#source.length;
  }

  #skipSpace(): void {
    while (this.#peek()?.kind === "space") this.#next++;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unquote(literal: string): string {
  if (literal.startsWith("`")) return literal.slice(1, -1);
  const pattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g;
  return literal.slice(1, -1).replace(pattern, (_, hex, short, long, octal, letter) => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    return ESCAPES[letter] ?? letter;
  });
}
