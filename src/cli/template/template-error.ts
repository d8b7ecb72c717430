import { UsageError } from "../../errors.ts";

/** A template does not parse, or fails on the data; the message is Go's. */
export class TemplateError extends UsageError {
  readonly phase: "parse" | "execute";

  constructor(phase: "parse" | "execute", message: string) {
    super(`template: :1${message}`);
    this.phase = phase;
  }
}

/** An error of the template's text. */
export function parseError(message: string): TemplateError {
  return new TemplateError("parse", `: ${message}`);
}

/** An error that shows only with the data: where it happened, in Go's words. */
export function executeError(
  place: { readonly at: number; readonly source: string },
  message: string,
): TemplateError {
  return new TemplateError("execute", `:${place.at}: executing "" at <${place.source}>: ${message}`);
}
