/**
 * The tree of a Go template, as far as people use it in `--format`.
 *
 * `source` is the text that Go's error messages quote, `at` the position in the template that they give.
 *
 * @see https://pkg.go.dev/text/template
 */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "range";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: "break" | "continue" };

/** `$v := a b | c`: commands, each of which gets the result of the one before as its last argument. */
export interface Pipe {
  readonly kind: "pipe";
  /** The variables to set; two only in `range $key, $value := …`. */
  readonly variables: readonly string[];
  /** `:=` makes new variables, `=` changes those that are there. */
  readonly declares: boolean;
  readonly commands: readonly Command[];
  readonly source: string;
}

/** A function or method with its arguments, or a single operand. */
export interface Command {
  readonly words: readonly Operand[];
  readonly source: string;
  readonly at: number;
}

export type Operand =
  | {
      readonly kind: "literal";
      readonly value: string | number | boolean | null;
      readonly source: string;
      readonly at: number;
    }
  | { readonly kind: "function"; readonly name: string; readonly source: string; readonly at: number }
  /** `.A.B`: fields of the dot, none for the dot itself. */
  | { readonly kind: "dot"; readonly fields: readonly string[]; readonly source: string; readonly at: number }
  /** `$x.A.B` */
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly fields: readonly string[];
      readonly source: string;
      readonly at: number;
    }
  /** `(pipe).A.B` */
  | {
      readonly kind: "group";
      readonly pipe: Pipe;
      readonly fields: readonly string[];
      readonly source: string;
      readonly at: number;
    };
