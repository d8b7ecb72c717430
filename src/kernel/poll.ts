import { pollfd, PollEvent } from "../../ffi/structs/poll.ts";
import { ppoll } from "../../ffi/sys/poll.ts";

export { PollEvent };

/**
 * A fixed number of places for descriptors to wait on, as poll(2) has them.
 *
 * Each place has a purpose of its own (input, socket, signals) and is switched on and off by setting what it
 * waits for, so a loop that runs for gigabytes allocates nothing.
 */
export class PollSet {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #places: number;

  constructor(places: number) {
    this.#places = places;
    this.#bytes = new Uint8Array(places * pollfd.size);
    this.#view = new DataView(this.#bytes.buffer);
    for (let place = 0; place < places; place++) this.clear(place);
  }

  /** Waits for `events` of `fd` at this place. With no events, errors and hang-ups alone are reported. */
  set(place: number, fd: number, events: number): void {
    const offset = place * pollfd.size;
    this.#view.setInt32(offset, fd, true);
    this.#view.setInt16(offset + pollfd.offsets.events, events, true);
  }

  /** Waits for nothing at this place: the kernel skips negative descriptors. */
  clear(place: number): void {
    this.set(place, -1, 0);
  }

  /** What the last wait found at this place: bits of {@link PollEvent}. */
  events(place: number): number {
    return this.#view.getInt16(place * pollfd.size + pollfd.offsets.revents, true);
  }

  /**
   * Blocks this thread until a place is ready, a signal arrives, or `timeoutMs` has passed.
   *
   * No JavaScript runs meanwhile: signals are seen by a `SignalPipe` that has a place here.
   *
   * @param timeoutMs milliseconds; `null` waits without end
   * @returns how many places have events; 0 after a timeout or a signal
   * @see ppoll(2)
   */
  wait(timeoutMs: number | null = null): number {
    return ppoll(this.#bytes, this.#places, timeoutMs);
  }
}
