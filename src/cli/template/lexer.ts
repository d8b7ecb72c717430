import { parseError } from "./template-error.ts";

export interface Token {
  readonly kind:
    | "text"
    | "open"
    | "close"
    | "word"
    | "field"
    | "variable"
    | "string"
    | "number"
    | "char"
    | "punctuation"
    | "space";
  /** As it stands in the template. */
  readonly text: string;
  /** Where it begins, counted from 0. */
  readonly at: number;
}

/** The tokens inside an action, tried in this order. */
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ["char", /'(?:[^'\\\n]|\\.)+'/y],
  ["number", /[+-]?(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y],
  ["field", /\.[\p{L}_][\p{L}\d_]*/uy],
  ["variable", /\$(?:[\p{L}_][\p{L}\d_]*)?/uy],
  ["word", /[\p{L}_][\p{L}\d_]*/uy],
  ["punctuation", /:=|[=|(),.]/y],
];

/** Splits a template into text and actions; `{{-` and `-}}` have trimmed the text, comments are gone. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    const end = open < 0 ? source.length : open;
    let text = source.slice(at, end);
    if (trimNext) text = text.trimStart();
    trimNext = false;
    const trims = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    if (trims) text = text.trimEnd();
    if (text !== "") tokens.push({ kind: "text", text, at });
    if (open < 0) break;
    const action = readAction(source, open + (trims ? 3 : 2), tokens);
    at = action.end;
    trimNext = action.trimsNext;
  }
  return tokens;
}

function readAction(source: string, start: number, tokens: Token[]): { end: number; trimsNext: boolean } {
  const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\s*\}\}/y;
  comment.lastIndex = start;
  const isComment = comment.exec(source);
  if (isComment) return { end: comment.lastIndex, trimsNext: isComment[1] !== undefined };
  tokens.push({ kind: "open", text: "{{", at: start });
  let at = start;
  while (true) {
    const close = /(\s-)?\}\}/y;
    close.lastIndex = at;
    const closed = close.exec(source);
    if (closed) {
      tokens.push({ kind: "close", text: "}}", at });
      return { end: close.lastIndex, trimsNext: closed[1] !== undefined };
    }
    if (at >= source.length) throw parseError("unclosed action");
    const token = readToken(source, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function readToken(source: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) {
      // Space before a trimming close belongs to the close.
      const kept =
        kind === "space" && /^\s-\}\}/.test(source.slice(at + text.length - 1)) ? text.slice(0, -1) : text;
      return { kind, text: kept, at };
    }
  }
  const rest = source[at]!;
  if (rest === '"') throw parseError("unterminated quoted string");
  if (rest === "`") throw parseError("unterminated raw quoted string");
  if (rest === "'") throw parseError("unterminated character constant");
  throw parseError(
    `unrecognized character in action: U+${rest.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} '${rest}'`,
  );
}
