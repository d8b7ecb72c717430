import { INPUT_ENDED, readInput } from "../../kernel/input.ts";
import { openOutput, type Output } from "../../kernel/output.ts";
import { PollEvent, PollSet } from "../../kernel/poll.ts";
import { openSignalPipe, type SignalPipe } from "../../kernel/signal-pipe.ts";
import { enterRawMode, isatty, type RawMode, type TerminalSize, terminalSize } from "../../kernel/tty.ts";
import { PROXIED_SIGNALS, Signal } from "../signals.ts";
import { DetachKeyMatcher } from "./detach-keys.ts";
import { FrameInbox, type InboxState } from "./frame-inbox.ts";
import { FrameOutbox } from "./frame-outbox.ts";
import { FrameType, resizeFrame } from "./protocol.ts";

export interface AttachOptions {
  /** Connected to the container's attach.sock. Stays the caller's, and open. */
  readonly socketFd: number;
  /** Our own input, or `null` to give the container none (and leave its input open). */
  readonly stdinFd: number | null;
  readonly stdoutFd: number;
  readonly stderrFd: number;
  /** Whether the container has a terminal. Ours, if `stdinFd` is one, is then raw until the end. */
  readonly tty: boolean;
  /**
   * The bytes that leave a terminal ({@link parseDetachKeys}); `null` for none. Without `tty` they mean
   * nothing.
   */
  readonly detachKeys: Uint8Array | null;
  /**
   * Called with each signal that is for the container. `null`: signals do to us what they always do. The keys
   * of a raw terminal that mean a signal are no signals to us: they go to the container's own terminal.
   */
  readonly sigProxy: ((signal: number) => void) | null;
  /** The terminal's size to begin with; by default, and after each SIGWINCH, that of our own. */
  readonly initialSize?: TerminalSize;
}

/**
 * - `exited`: the container's init ended; all its output is written
 * - `detached`: the detach keys were typed; the container goes on
 * - `lost`: the shim went away without a word
 * - `output-closed`: nobody reads our output (`| head -1`); as with docker the command ends and the container
 *   goes on
 * - `interrupted`: a signal asks us to end, and our terminal is restored: raise it again with its default
 *   action
 */
export type AttachOutcome =
  | { readonly outcome: "exited"; readonly siCode: number; readonly siStatus: number }
  | { readonly outcome: "detached" }
  | { readonly outcome: "lost" }
  | { readonly outcome: "output-closed" }
  | { readonly outcome: "interrupted"; readonly signal: number };

/** How long detaching waits for a shim that does not read. */
const DETACH_TIMEOUT_MS = 1000;

/** Places in the poll set. */
const SOCKET = 0;
const STDIN = 1;
const OUTPUT = 2;
const SIGNALS = 3;

/** With a raw terminal these are ours, so that it is restored before they take effect. */
const ENDING_SIGNALS: readonly number[] = [Signal.SIGHUP, Signal.SIGINT, Signal.SIGQUIT, Signal.SIGTERM];
const TERMINAL_SIGNALS = [...ENDING_SIGNALS, Signal.SIGTSTP, Signal.SIGCONT];

/**
 * Connects our streams with a container's until one side leaves.
 *
 * Blocks this thread in poll: input, output and signals are all served from one loop, none waits for another,
 * and nothing but the kernel's own buffers holds data back. Whatever ends it, also an exception, leaves our
 * terminal and our signal dispositions as they were.
 *
 * After `exited` the caller does what follows an exit and then sends {@link acknowledgeExit}.
 *
 * @throws {InvalidDataError} when the shim sends what is no frame
 */
export function attachLoop(options: AttachOptions): AttachOutcome {
  using stack = new DisposableStack();
  const stdout = stack.use(openOutput(options.stdoutFd));
  const stderr = stack.use(openOutput(options.stderrFd));
  const socket = stack.use(openOutput(options.socketFd));
  const rawFd = options.tty && options.stdinFd !== null && isatty(options.stdinFd) ? options.stdinFd : null;
  // Signals first: from the moment the terminal is raw, nothing may end us without restoring it.
  const signals = openSignals(stack, options, rawFd !== null);
  const raw = rawFd === null ? undefined : stack.use(enterRawMode(rawFd));
  return new AttachSession(options, { stdout, stderr, socket, signals, raw }).run();
}

/** Tells the shim that this client has done what follows an exit. A shim that is gone does not mind. */
export function acknowledgeExit(socketFd: number): void {
  using socket = openOutput(socketFd);
  const outbox = new FrameOutbox(socket);
  outbox.addEmpty(FrameType.EXIT_STEP_TAKEN);
  outbox.flush();
}

function openSignals(stack: DisposableStack, options: AttachOptions, raw: boolean): SignalPipe | undefined {
  const wanted = new Set<number>();
  if (options.sigProxy !== null) for (const signal of PROXIED_SIGNALS) wanted.add(signal);
  if (raw) for (const signal of TERMINAL_SIGNALS) wanted.add(signal);
  if (options.tty) wanted.add(Signal.SIGWINCH);
  return wanted.size === 0 ? undefined : stack.use(openSignalPipe([...wanted]));
}

interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly socket: Output;
  readonly signals: SignalPipe | undefined;
  readonly raw: RawMode | undefined;
}

class AttachSession {
  readonly #options: AttachOptions;
  readonly #signals: SignalPipe | undefined;
  readonly #raw: RawMode | undefined;
  readonly #inbox: FrameInbox;
  readonly #outbox: FrameOutbox;
  readonly #set = new PollSet(4);
  readonly #keys: DetachKeyMatcher | undefined;
  readonly #typed = new Uint8Array(1024);
  #stdinFd: number | null;

  constructor(options: AttachOptions, streams: Streams) {
    this.#options = options;
    this.#stdinFd = options.stdinFd;
    this.#signals = streams.signals;
    this.#raw = streams.raw;
    this.#inbox = new FrameInbox(options.socketFd, streams);
    this.#outbox = new FrameOutbox(streams.socket);
    const { tty, detachKeys } = options;
    if (tty && detachKeys !== null && detachKeys.length > 0) this.#keys = new DetachKeyMatcher(detachKeys);
  }

  run(): AttachOutcome {
    if (this.#signals) this.#set.set(SIGNALS, this.#signals.fd, PollEvent.IN);
    if (this.#options.tty) this.#sendSize(this.#options.initialSize);
    for (;;) {
      this.#outbox.flush();
      this.#arm();
      this.#set.wait();
      const outcome = this.#serve();
      if (outcome !== undefined) return outcome;
    }
  }

  /**
   * Waits for what there is room for: no input while the shim does not read, no output while ours is full.
   */
  #arm(): void {
    const { blockedOn } = this.#inbox;
    const sending = this.#outbox.isEmpty ? 0 : PollEvent.OUT;
    const receiving = blockedOn === undefined ? PollEvent.IN : 0;
    // With nothing to wait for the socket is left out: its hang-up would end every wait at once.
    if (sending + receiving === 0) this.#set.clear(SOCKET);
    else this.#set.set(SOCKET, this.#options.socketFd, sending | receiving);
    if (this.#stdinFd === null || sending !== 0) this.#set.clear(STDIN);
    else this.#set.set(STDIN, this.#stdinFd, PollEvent.IN);
    if (blockedOn === undefined) this.#set.clear(OUTPUT);
    else this.#set.set(OUTPUT, blockedOn.fd, PollEvent.OUT);
  }

  #serve(): AttachOutcome | undefined {
    const set = this.#set;
    if (set.events(SIGNALS) !== 0) {
      const outcome = this.#takeSignals();
      if (outcome !== undefined) return outcome;
    }
    if (set.events(STDIN) !== 0 && this.#readStdin()) return this.#detach();
    if (set.events(OUTPUT) !== 0) return this.#outcomeOf(this.#inbox.deliver());
    const { IN, HUP, ERR } = PollEvent;
    if (this.#inbox.blockedOn === undefined && (set.events(SOCKET) & (IN | HUP | ERR)) !== 0) {
      return this.#outcomeOf(this.#inbox.receive());
    }
    return undefined;
  }

  #outcomeOf(state: InboxState): AttachOutcome | undefined {
    if (state === "ended") return { outcome: "lost" };
    if (state === "closed") return { outcome: "output-closed" };
    const { exit } = this.#inbox.decoder;
    return state === "exited" && exit !== undefined ? { outcome: "exited", ...exit } : undefined;
  }

  /** Reads input into a frame. @returns whether the detach keys were typed */
  #readStdin(): boolean {
    const fd = this.#stdinFd;
    const keys = this.#keys;
    if (fd === null) return false;
    let count: number;
    if (keys === undefined) {
      count = this.#outbox.addInput((bytes, offset, room) => readInput(fd, bytes, offset, room));
    } else {
      count = readInput(fd, this.#typed, 0, this.#typed.length);
      this.#outbox.addInput((bytes, offset) =>
        count === INPUT_ENDED ? keys.flush(bytes, offset) : keys.filter(this.#typed, count, bytes, offset),
      );
    }
    if (count === INPUT_ENDED) {
      this.#stdinFd = null;
      this.#outbox.addEmpty(FrameType.STDIN_END);
    }
    return keys?.found ?? false;
  }

  #takeSignals(): AttachOutcome | undefined {
    const signals = this.#signals?.take() ?? [];
    if (!this.#options.tty) {
      for (const signal of signals) this.#options.sigProxy?.(signal);
      return undefined;
    }
    for (const signal of signals) {
      const ended = this.#takeTerminalSignal(signal);
      if (ended) return { outcome: "interrupted", signal };
    }
    // Once for many: it was changed, or may have been while we were stopped.
    if (signals.length > 0) this.#sendSize();
    return undefined;
  }

  /** @returns whether the signal ends us: all that do without a proxy, and the loss of our terminal always */
  #takeTerminalSignal(signal: number): boolean {
    const { sigProxy } = this.#options;
    if (this.#raw && signal === Signal.SIGTSTP) this.#stop();
    else if (this.#raw && signal === Signal.SIGCONT) this.#raw.resume();
    else if (signal !== Signal.SIGWINCH) sigProxy?.(signal);
    return ENDING_SIGNALS.includes(signal) && (sigProxy === null || signal === Signal.SIGHUP);
  }

  /** Stops as any program does that is sent SIGTSTP, with the terminal as the shell wants it. */
  #stop(): void {
    this.#raw?.[Symbol.dispose]();
    process.kill(process.pid, "SIGSTOP"); // Returns when we are continued.
    this.#raw?.resume();
  }

  #sendSize(size: TerminalSize | undefined = this.#terminalSize()): void {
    if (size !== undefined && size.rows > 0 && size.columns > 0) this.#outbox.add(resizeFrame(size));
  }

  #terminalSize(): TerminalSize | undefined {
    const fd = [this.#options.stdoutFd, this.#options.stdinFd].find((fd) => fd !== null && isatty(fd));
    if (typeof fd !== "number") return undefined;
    try {
      return terminalSize(fd);
    } catch {
      return undefined; // It hung up just now.
    }
  }

  #detach(): AttachOutcome {
    this.#outbox.addEmpty(FrameType.DETACH);
    const deadline = performance.now() + DETACH_TIMEOUT_MS;
    const set = new PollSet(1);
    set.set(0, this.#options.socketFd, PollEvent.OUT);
    for (;;) {
      this.#outbox.flush();
      const left = deadline - performance.now();
      if (this.#outbox.isEmpty || left <= 0) return { outcome: "detached" };
      set.wait(left);
    }
  }
}
