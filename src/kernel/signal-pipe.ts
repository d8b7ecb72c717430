import { ARCH, type Arch } from "../../ffi/abi/syscalls.ts";
import type { OwnedFd } from "../../ffi/fd.ts";
import { SaFlag, SIG_IGN, sigaction } from "../../ffi/structs/signal.ts";
import { pipe, read } from "../../ffi/sys/io.ts";
import { mapCode } from "../../ffi/sys/memory.ts";
import { getSigaction, setSigaction } from "../../ffi/sys/signal.ts";
import { assert } from "../lib/assert.ts";

/**
 * The machine code of a signal handler: `write(fd, &signal, 1)`, and nothing else.
 *
 * A handler in JavaScript would run only when the event loop turns, which never happens while this thread is
 * blocked in poll. This one is async-signal-safe on whichever thread the kernel picks: it makes one system
 * call itself and so leaves errno alone. Pure, and held by a test as bytes.
 */
export function handlerCode(fd: number, arch: Arch = ARCH): Uint8Array<ArrayBuffer> {
  if (arch === "aarch64") {
    const words = [
      0xf81f_0fe0, // str  x0, [sp, #-16]!
      0x9100_03e1, // mov  x1, sp
      0x5280_0000 | ((fd & 0xffff) << 5), // movz w0, #fd
      0x72a0_0000 | ((fd >>> 16) << 5), // movk w0, #fd, lsl #16
      0xd280_0022, // mov  x2, #1
      0xd280_0808, // mov  x8, #64 (write)
      0xd400_0001, // svc  #0
      0x9100_43ff, // add  sp, sp, #16
      0xd65f_03c0, // ret
    ];
    return new Uint8Array(Uint32Array.from(words).buffer);
  }
  const fdBytes = [fd & 0xff, (fd >> 8) & 0xff, (fd >> 16) & 0xff, (fd >> 24) & 0xff];
  const parts = [
    [0xf3, 0x0f, 0x1e, 0xfa], // endbr64
    [0x57], // push rdi
    [0x48, 0x89, 0xe6], // mov rsi, rsp
    [0xbf, ...fdBytes], // mov edi, fd
    [0xba, 1, 0, 0, 0], // mov edx, 1
    [0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
    [0x0f, 0x05], // syscall
    [0x5f], // pop rdi
    [0xc3], // ret
  ];
  return Uint8Array.from(parts.flat());
}

/** SIGHUP, SIGINT, SIGQUIT and SIGTERM. */
const ENDING_SIGNALS: readonly number[] = [1, 2, 3, 15];

interface Handler {
  readonly reader: OwnedFd;
  readonly address: number;
}

// One pipe and one page for the life of the process: a late signal on another thread must never run unmapped
// code or write into a descriptor that has been given to somebody else.
let handler: Handler | undefined;
let inUse = false;

function openHandler(): Handler {
  if (handler === undefined) {
    // Non-blocking on both sides: a full pipe loses a signal rather than hanging the handler.
    const { reader, writer } = pipe({ nonBlocking: true });
    handler = { reader, address: mapCode(handlerCode(writer.release())) };
  }
  return handler;
}

/**
 * Signals as readable bytes, for a thread that is blocked in `PollSet.wait`. Made by {@link openSignalPipe}.
 */
export class SignalPipe implements Disposable {
  readonly #reader: OwnedFd;
  readonly #previous: ReadonlyMap<number, Uint8Array>;
  readonly #buffer = new Uint8Array(64);

  constructor(reader: OwnedFd, previous: ReadonlyMap<number, Uint8Array>) {
    this.#reader = reader;
    this.#previous = previous;
  }

  /** The descriptor to poll for input. */
  get fd(): number {
    return this.#reader.fd;
  }

  /** The signals that arrived since the last call, oldest first. Never blocks. */
  take(): number[] {
    const signals: number[] = [];
    for (;;) {
      const count = read(this.fd, this.#buffer, 0, this.#buffer.length);
      if (count <= 0) return signals;
      signals.push(...this.#buffer.subarray(0, count));
    }
  }

  /** The signals that are caught. */
  get signals(): readonly number[] {
    return [...this.#previous.keys()];
  }

  /** Puts back what was to happen on each signal before. */
  [Symbol.dispose](): void {
    for (const [signal, action] of this.#previous) setSigaction(signal, action);
    inUse = false;
  }
}

/**
 * Catches `signals` until the result is disposed.
 *
 * A signal for which the runtime has a handler of its own (its crash reports, its garbage collector) is left
 * to it, but for those that ask a program to end, which Bun catches on a terminal. One that is ignored is
 * left, too, unless `catchIgnored`: a command started under nohup(1) keeps ignoring SIGHUP.
 *
 * One at a time: dispositions belong to the whole process.
 *
 * @see sigaction(2), signal-safety(7)
 */
export function openSignalPipe(signals: readonly number[], { catchIgnored = false } = {}): SignalPipe {
  assert(!inUse, "one signal pipe at a time");
  const { reader, address } = openHandler();
  inUse = true;
  const previous = new Map<number, Uint8Array>();
  const pipeOfSignals = new SignalPipe(reader, previous);
  pipeOfSignals.take(); // What arrived after the last pipe was disposed is nobody's.
  try {
    const flags = SaFlag.RESTART | SaFlag.ONSTACK;
    const action = sigaction.encode({ sa_handler: BigInt(address), sa_flags: flags });
    for (const signal of signals) {
      const old = getSigaction(signal);
      const { sa_handler } = sigaction.decode(old);
      if (sa_handler > SIG_IGN && !ENDING_SIGNALS.includes(signal)) continue;
      if (sa_handler === SIG_IGN && !catchIgnored) continue;
      setSigaction(signal, action);
      previous.set(signal, old);
    }
  } catch (cause) {
    pipeOfSignals[Symbol.dispose]();
    throw cause;
  }
  return pipeOfSignals;
}
