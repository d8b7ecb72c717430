import { UnavailableError } from "../errors.ts";
import { ConnectionError } from "./connection-error.ts";

/** How often and how fast a request is sent again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Wait before the second attempt; doubled for each further one. */
  readonly firstDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 4, firstDelayMs: 250 };

/** A server's own wish is followed up to this. */
const RETRY_AFTER_LIMIT_MS = 10_000;

/** An answer that says "later": 429 or 5xx. */
export class TemporaryAnswerError extends UnavailableError {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfter: string | null) {
    super(message, { hint: "Try again later" });
    const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
    this.retryAfterMs = seconds >= 0 ? seconds * 1000 : undefined;
  }
}

/** Whether the same request may succeed in a moment. */
export function isTemporary(cause: unknown): cause is UnavailableError {
  return cause instanceof TemporaryAnswerError || (cause instanceof ConnectionError && cause.isTemporary);
}

/** Runs `attempt` until it succeeds, fails for good, or the policy's attempts are used up. */
export async function withRetries<Value>(
  policy: RetryPolicy,
  attempt: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (cause) {
      if (count >= policy.attempts || !isTemporary(cause)) throw cause;
      await pause(policy, count, cause, signal);
    }
  }
}

/** Waits before attempt number `count` + 1. Delays vary, so that clients which failed together do not return together. */
export async function pause(
  policy: RetryPolicy,
  count: number,
  cause: unknown,
  signal?: AbortSignal,
): Promise<void> {
  const wish = cause instanceof TemporaryAnswerError ? cause.retryAfterMs : undefined;
  const backOff = policy.firstDelayMs * 2 ** (count - 1) * (0.75 + Math.random() / 2);
  await Bun.sleep(Math.min(Math.max(wish ?? 0, backOff), RETRY_AFTER_LIMIT_MS));
  signal?.throwIfAborted();
}
