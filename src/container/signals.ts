import { UsageError } from "../errors.ts";

/** Signal numbers: asm-generic/signal.h, the same on x86-64 and aarch64. */
export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** libc keeps 32 and 33 for itself, so the first real-time signal that programs can use is 34. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Second names that docker and kill(1) take. */
const ALIASES: Readonly<Record<string, number>> = {
  CLD: Signal.SIGCHLD,
  IOT: Signal.SIGABRT,
  POLL: Signal.SIGIO,
  RTMIN: SIGRTMIN,
  RTMAX: SIGRTMAX,
};

const numbers = new Map<string, number>([
  ...Object.entries(Signal).map(([name, number]) => [name.slice("SIG".length), number] as const),
  ...Object.entries(ALIASES),
]);

/**
 * Reads a signal as docker's `kill -s` and `--stop-signal` take it: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`.
 *
 * @returns its number, 1 to 64
 * @throws {UsageError} in docker's words, `invalid signal: X`
 */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= SIGRTMAX) return number;
    throw invalidSignal(text);
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  const known = numbers.get(name);
  if (known !== undefined) return known;
  const match = /^RT(MIN\+|MAX-)(\d{1,2})$/.exec(name);
  if (match) {
    const distance = Number(match[2]);
    const number = match[1] === "MIN+" ? SIGRTMIN + distance : SIGRTMAX - distance;
    if (number >= SIGRTMIN && number <= SIGRTMAX) return number;
  }
  throw invalidSignal(text);
}

function invalidSignal(text: string): UsageError {
  return new UsageError(`invalid signal: ${text}`);
}

/** A signal's name: `SIGTERM`, `SIGRTMIN+3`; `signal 32` for one that has none. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(Signal)) if (value === number) return name;
  if (number === SIGRTMIN) return "SIGRTMIN";
  if (number === SIGRTMAX) return "SIGRTMAX";
  if (number > SIGRTMIN && number < SIGRTMAX) return `SIGRTMIN+${number - SIGRTMIN}`;
  return `signal ${number}`;
}

/**
 * The signals that an attached command passes on to its container: as docker, all that can be caught, but for
 *
 * - those that tell of our own business: SIGCHLD, SIGPIPE, SIGURG;
 * - those that tell of our own faults;
 * - SIGTTIN and SIGTTOU, which stop a background job that uses the terminal: caught, they would come again
 *   for ever.
 */
export const PROXIED_SIGNALS: readonly number[] = (() => {
  const { SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGTTIN, SIGTTOU } = Signal;
  const { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS } = Signal;
  const ours = [SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGTTIN, SIGTTOU];
  const faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS];
  const kept = new Set<number>([...ours, ...faults]);
  const all: number[] = [];
  for (let signal = 1; signal <= SIGRTMAX; signal++) {
    const libcs = signal > Signal.SIGSYS && signal < SIGRTMIN;
    if (!kept.has(signal) && !libcs) all.push(signal);
  }
  return all;
})();
