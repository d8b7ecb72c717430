import { EngineError } from "../../errors.ts";
import { compileTemplate } from "../template/evaluate.ts";
import { TemplateError } from "../template/template-error.ts";

/** A template that does not parse: docker's exit code for it. */
class TemplateSyntaxError extends EngineError {
  override readonly name = "TemplateSyntaxError";
  override readonly exitCode = 64;
}

/** How `inspect` prints its objects. */
export interface InspectFormat {
  /** One object, for a template; undefined when the objects are printed together at the end. */
  one?(object: unknown): string;
  /** All objects, when `one` is not there. */
  all(objects: readonly unknown[]): string;
}

/**
 * Reads `--format` of `inspect`: none for indented JSON, `json` for one line of it, otherwise a Go template for each object.
 *
 * @throws {EngineError} with exit code 64 when the template does not parse.
 */
export function inspectFormat(format: string | undefined): InspectFormat {
  if (format === undefined || format === "")
    return { all: (objects) => `${JSON.stringify(objects, null, 4)}\n` };
  if (format === "json") return { all: (objects) => `${JSON.stringify(objects)}\n` };
  const template = translate(() => compileTemplate(format));
  return { one: (object) => `${translate(() => template.execute(object))}\n`, all: () => "" };
}

function translate<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    const message = `template parsing error: ${cause.message}`;
    throw cause.phase === "parse"
      ? new TemplateSyntaxError(message, { cause })
      : new EngineError(message, { cause });
  }
}
