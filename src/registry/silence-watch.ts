import { ConnectionError, connectionError } from "./connection-error.ts";

/** Looks within one limit of silence. A thread that was busy misses looks, but never counts its own time as silence. */
const LOOKS = 4;

/** Aborts an exchange when the server keeps silent for too long, or when somebody else says so. */
export class SilenceWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #host: string;
  readonly #outer: AbortSignal | undefined;
  #timer: Timer;
  #silentLooks = 0;

  constructor(host: string, limitMs: number, outer: AbortSignal | undefined) {
    this.#host = host;
    this.#outer = outer;
    this.#timer = this.#start(limitMs);
    outer?.addEventListener("abort", this.#forward);
    if (outer?.aborted) this.#forward();
  }

  /** For the fetch that is watched. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Changes how long silence may last. */
  setLimit(limitMs: number): void {
    clearInterval(this.#timer);
    this.#timer = this.#start(limitMs);
  }

  /**
   * Waits for the exchange's next sign of life.
   *
   * @throws {ConnectionError} when the connection failed or stalled; the outer signal's reason when that fired
   */
  async wait<Value>(step: Promise<Value>): Promise<Value> {
    try {
      const value = await step;
      this.#silentLooks = 0;
      return value;
    } catch (cause) {
      const { aborted, reason } = this.#controller.signal;
      this[Symbol.dispose]();
      throw aborted ? reason : connectionError(this.#host, cause);
    }
  }

  /** Stops watching, and drops the connection if the exchange is not over. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#outer?.removeEventListener("abort", this.#forward);
    this.#controller.abort();
  }

  readonly #forward = (): void => this.#controller.abort(this.#outer?.reason);

  #start(limitMs: number): Timer {
    this.#silentLooks = 0;
    return setInterval(() => this.#look(), limitMs / LOOKS);
  }

  #look(): void {
    if (++this.#silentLooks < LOOKS) return;
    this.#controller.abort(new ConnectionError(this.#host, "stalled"));
  }
}
