import { functions, isTrue } from "./functions.ts";
import type { Command, Node, Operand, Pipe } from "./nodes.ts";
import { parseTemplate } from "./parser.ts";
import { goString, goType, Struct } from "./print.ts";
import { executeError, TemplateError } from "./template-error.ts";

/** A parsed template. */
export interface Template {
  /** Fills the template in. @throws {TemplateError} with Go's message. */
  execute(data: unknown): string;
}

/** Fields of JSON objects that hold free keys: a key that is not there is `<no value>`, elsewhere it is an error. */
const FREE_MAPS = new Set([
  "Labels",
  "Annotations",
  "Sysctls",
  "Ports",
  "Options",
  "Data",
  "Volumes",
  "ExposedPorts",
]);

/** Parses a Go template. @throws {TemplateError} with Go's message. */
export function compileTemplate(source: string): Template {
  const nodes = parseTemplate(source);
  return {
    execute: (data) => {
      const run = new Execution(data);
      run.nodes(nodes, data);
      return run.output;
    },
  };
}

/** How a list of nodes ended: `break` and `continue` travel up to their range. */
type Ending = "done" | "break" | "continue";

class Execution {
  output = "";
  readonly #variables: { name: string; value: unknown }[];

  constructor(data: unknown) {
    this.#variables = [{ name: "$", value: data }];
  }

  nodes(nodes: readonly Node[], dot: unknown): Ending {
    for (const node of nodes) {
      const ending = this.#node(node, dot);
      if (ending !== "done") return ending;
    }
    return "done";
  }

  #node(node: Node, dot: unknown): Ending {
    switch (node.kind) {
      case "text":
        this.output += node.text;
        return "done";
      case "output": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          this.output += value === undefined ? "<no value>" : printed(value);
        return "done";
      }
      case "if":
      case "with":
        return this.#scoped(() => {
          const value = this.#pipe(node.pipe, dot);
          const inner = node.kind === "with" ? value : dot;
          return isTrue(value) ? this.nodes(node.body, inner) : this.nodes(node.otherwise, dot);
        });
      case "range":
        return this.#scoped(() => this.#range(node, dot));
      default:
        return node.kind;
    }
  }

  #range(node: Extract<Node, { kind: "range" }>, dot: unknown): Ending {
    const { pipe } = node;
    const entries = iterate(this.#commands(pipe, dot), pipe);
    if (entries.length === 0) return this.nodes(node.otherwise, dot);
    for (const [key, value] of entries) {
      const ending = this.#scoped(() => {
        const values = pipe.variables.length === 2 ? [key, value] : [value];
        pipe.variables.forEach((name, at) => {
          this.#assign(name, values[at], pipe.declares);
        });
        return this.nodes(node.body, value);
      });
      if (ending === "break") break;
    }
    return "done";
  }

  #scoped(body: () => Ending): Ending {
    const outer = this.#variables.length;
    const ending = body();
    this.#variables.length = outer;
    return ending;
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    const value = this.#commands(pipe, dot);
    for (const name of pipe.variables) this.#assign(name, value, pipe.declares);
    return value;
  }

  #commands(pipe: Pipe, dot: unknown): unknown {
    let piped: readonly unknown[] = [];
    for (const command of pipe.commands) piped = [this.#command(command, dot, piped)];
    return piped[0];
  }

  #assign(name: string, value: unknown, declares: boolean): void {
    const known = this.#variables.findLast((each) => each.name === name);
    if (declares || !known) this.#variables.push({ name, value });
    else known.value = value;
  }

  #command(command: Command, dot: unknown, piped: readonly unknown[]): unknown {
    const [head, ...rest] = command.words as [Operand, ...Operand[]];
    if (head.kind === "function") return this.#call(head.name, command, rest, dot, piped);
    const lazily = () => [...rest.map((word) => this.#operand(word, dot, [])), ...piped];
    if (head.kind === "literal" && (rest.length > 0 || piped.length > 0)) {
      throw executeError(head, `can't give argument to non-function ${head.source}`);
    }
    if (head.kind === "literal" && head.value === null) throw executeError(head, "nil is not a command");
    return this.#operand(head, dot, lazily());
  }

  #call(
    name: string,
    command: Command,
    words: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    if (name === "and" || name === "or") {
      let value: unknown;
      for (const word of words) {
        value = this.#operand(word, dot, []);
        if (isTrue(value) === (name === "or")) return value;
      }
      return piped.length > 0 ? piped[0] : value;
    }
    const values = [...words.map((word) => this.#operand(word, dot, [])), ...piped];
    try {
      return functions[name]!(...values);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw executeError(command, `error calling ${name}: ${(error as Error).message}`);
    }
  }

  /** @param values the arguments, for an operand that ends in a method. */
  #operand(operand: Operand, dot: unknown, values: readonly unknown[]): unknown {
    switch (operand.kind) {
      case "literal":
        return operand.value;
      case "function":
        return this.#call(operand.name, { ...operand, words: [operand] }, [], dot, []);
      case "dot":
        return fields(dot, operand, values);
      case "variable": {
        const variable = this.#variables.findLast(({ name }) => name === operand.name);
        return fields(variable?.value, operand, values);
      }
      case "group":
        return fields(this.#pipe(operand.pipe, dot), operand, values);
    }
  }
}

type Chain = Extract<Operand, { fields: readonly string[] }>;

function fields(start: unknown, chain: Chain, values: readonly unknown[]): unknown {
  let value = start;
  let free = false;
  for (const [at, name] of chain.fields.entries()) {
    const last = at === chain.fields.length - 1;
    value = field(value, name, chain, last ? values : [], free);
    free = FREE_MAPS.has(name);
  }
  if (chain.fields.length === 0 && values.length > 0) {
    throw executeError(chain, `can't give argument to non-function ${chain.source}`);
  }
  return value;
}

function field(
  from: unknown,
  name: string,
  chain: Chain,
  values: readonly unknown[],
  free: boolean,
): unknown {
  if (from === null || from === undefined)
    throw executeError(chain, `nil pointer evaluating interface {}.${name}`);
  const isMap = typeof from === "object" && !Array.isArray(from) && !(from instanceof Struct);
  if (!isMap && !(from instanceof Struct && isExported(name) && name in from)) {
    throw executeError(chain, `can't evaluate field ${name} in type ${goType(from)}`);
  }
  if (isMap && !Object.hasOwn(from, name)) {
    if (free) return undefined;
    throw executeError(chain, `map has no entry for key ${JSON.stringify(name)}`);
  }
  const value = (from as Record<string, unknown>)[name];
  if (typeof value === "function") return value.apply(from, values);
  if (values.length > 0) throw executeError(chain, `${name} is not a method but has arguments`);
  return value === undefined ? null : value;
}

/** As in Go, only names that begin with a capital letter can be reached from outside. */
function isExported(name: string): boolean {
  return /^\p{Lu}/u.test(name);
}

function iterate(value: unknown, pipe: Pipe): [unknown, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === "number") return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at]);
  if (typeof value === "object") {
    const keys = Object.keys(value).sort();
    return keys.map((key) => [key, (value as Record<string, unknown>)[key]]);
  }
  const first = pipe.commands[0]!;
  throw executeError({ at: first.at, source: pipe.source }, `range can't iterate over ${goString(value)}`);
}

function printed(value: unknown): string {
  return value instanceof Struct ? goString({ ...value }) : goString(value);
}
