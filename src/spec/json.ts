import { InvalidDataError } from "../errors.ts";

/**
 * Parses bytes from outside as JSON.
 *
 * @param subject what the document is, for the error: `manifest of alpine:3`
 * @param limitBytes longer documents are refused unread
 * @throws {InvalidDataError} when it is too long, not UTF-8 or not JSON
 */
export function parseJson(bytes: Uint8Array, subject: string, limitBytes: number): unknown {
  if (bytes.length > limitBytes) {
    throw new InvalidDataError(
      `Cannot read ${subject}: ${bytes.length} bytes, more than the limit of ${limitBytes}`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidDataError(`Cannot read ${subject}: not UTF-8 text`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const state = looksLikeHtml(text) ? "an HTML page instead of JSON" : "not valid JSON";
    const hint = looksLikeHtml(text)
      ? "Check that the address is a registry's; a proxy may have answered"
      : undefined;
    throw new InvalidDataError(`Cannot read ${subject}: ${state}`, { cause, hint });
  }
}

/** Whether a body is a web page, as a login portal or a proxy sends instead of what was asked for. */
export function looksLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text.slice(0, 200));
}
