/** The shim's side of an attach socket, played by a test. */
import { FrameType, putHeader } from "../../../src/container/attach/protocol.ts";

export interface ClientFrame {
  readonly type: number;
  readonly payload: Buffer;
}

export class FakeShim implements Disposable {
  readonly frames: ClientFrame[] = [];
  readonly #listener;
  readonly #connected = Promise.withResolvers<Bun.Socket>();
  readonly #waiting = new Set<() => void>();
  #received = Buffer.alloc(0);
  #closed = false;

  constructor(path: string) {
    this.#listener = Bun.listen({
      unix: path,
      socket: {
        open: (socket) => this.#connected.resolve(socket),
        data: (_socket, bytes) => this.#parse(bytes),
        close: () => {
          this.#closed = true;
          this.#wake();
        },
      },
    });
  }

  /** The input that the client sent so far. */
  get stdin(): string {
    const data = this.frames.filter(({ type }) => type === FrameType.STDIN);
    return Buffer.concat(data.map(({ payload }) => payload)).toString();
  }

  /** Sends a frame whole. Small ones only: the rest of what the socket does not take is lost. */
  async send(type: number, payload: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(payload);
    const frame = new Uint8Array(8 + bytes.length);
    putHeader(frame, 0, type, bytes.length);
    frame.set(bytes, 8);
    const written = (await this.#connected.promise).write(frame);
    if (written !== frame.length) throw new Error(`only ${written} of ${frame.length} bytes were sent`);
  }

  /** Sends the exit frame of a process that ended by itself. */
  exit(code: number): Promise<void> {
    return this.send(FrameType.EXIT, Uint8Array.of(1, 0, 0, 0, code, 0, 0, 0));
  }

  /** Waits until what came from the client meets `condition`. */
  async until(condition: (shim: FakeShim) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#closed) throw new Error(`the client left after ${JSON.stringify(this.frames)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  /** Waits for a frame of this type. */
  async frame(type: number): Promise<ClientFrame> {
    await this.until(({ frames }) => frames.some((frame) => frame.type === type));
    return this.frames.find((frame) => frame.type === type)!;
  }

  /** Hangs up without an exit frame. */
  async hangUp(): Promise<void> {
    (await this.#connected.promise).end();
  }

  /** Whether the client is there. */
  async connected(): Promise<void> {
    await this.#connected.promise;
  }

  #parse(bytes: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 8) {
      const length = this.#received.readUInt32LE(4);
      if (this.#received.length < 8 + length) break;
      const payload = Buffer.from(this.#received.subarray(8, 8 + length));
      this.frames.push({ type: this.#received[0]!, payload });
      this.#received = this.#received.subarray(8 + length);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }
}
