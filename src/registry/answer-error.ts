import { EngineError, NotFoundError, PermissionError } from "../errors.ts";
import { describeUrl, type HttpAnswer } from "./http.ts";
import { TemporaryAnswerError } from "./retry.ts";

const ERROR_BODY_LIMIT_BYTES = 64 * 1024;
const MESSAGE_LIMIT = 300;

/** What was asked for, in the words of docker's messages. */
export interface Subject {
  /** `alpine`, for what concerns the whole repository. */
  readonly repository: string;
  /** `manifest for alpine:3`, or `blob sha256:…`. */
  readonly thing: string;
}

/**
 * What an answer that is no success means, by its status and the registry's own error codes.
 *
 * @see distribution-spec "Error Codes"
 */
export async function answerError(answer: HttpAnswer, { repository, thing }: Subject): Promise<EngineError> {
  const { status } = answer.response;
  const { code, message } = await registryError(answer);
  const detail = message ?? `status ${status}`;
  if (status === 429 || code === "TOOMANYREQUESTS" || status >= 500) {
    const state = `registry ${answer.url.host} answered ${status}${message === undefined ? "" : ` (${message})`}`;
    return new TemporaryAnswerError(
      `Cannot get ${thing}: ${state}`,
      answer.response.headers.get("retry-after"),
    );
  }
  if (status === 401 || status === 403 || code === "DENIED" || code === "UNAUTHORIZED") {
    const state = "repository does not exist or may require 'docker login'";
    return new PermissionError(`pull access denied for ${repository}, ${state}: ${detail}`, {
      hint: "Check the name; passwords are read from docker's config.json",
    });
  }
  if (code === "NAME_UNKNOWN") return new NotFoundError(`repository ${repository} not found: ${detail}`);
  if (status === 404) return new NotFoundError(`${thing} not found: ${detail}`);
  return new EngineError(`Cannot get ${thing}: ${describeUrl(answer.url)} answered ${status} (${detail})`);
}

/** The first of the registry's errors. Other servers answer with a page, or nothing. */
async function registryError(answer: HttpAnswer): Promise<{ code?: string; message?: string }> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(await answer.bytes(ERROR_BODY_LIMIT_BYTES)));
  } catch {
    return {}; // The status says enough.
  }
  const errors = (document as { errors?: unknown } | null)?.errors;
  const first = (Array.isArray(errors) ? errors[0] : undefined) as
    { code?: unknown; message?: unknown } | undefined;
  const code = typeof first?.code === "string" ? first.code : undefined;
  const text = typeof first?.message === "string" && first.message !== "" ? first.message : code;
  return {
    ...(code !== undefined && { code }),
    ...(text !== undefined && { message: oneLine(text) }),
  };
}

/** Text of a stranger: on one line, without control characters, and not without end. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").slice(0, MESSAGE_LIMIT);
}
