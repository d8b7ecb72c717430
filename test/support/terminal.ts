/** A command in a real pseudo-terminal, as a person at a keyboard meets it. */

export interface TestTerminal extends AsyncDisposable {
  /** Types: what a key sends, so "\r" for Enter and "\x03" for Ctrl-C. */
  write(keys: string): void;
  resize(size: { columns: number; rows: number }): void;
  /** Everything the screen was sent so far, escape sequences included. */
  output(): string;
  /**
   * Waits until the output, from the last match on, matches.
   *
   * @throws {Error} with the output when the command ends or `timeoutMs` passes first
   */
  waitFor(pattern: RegExp | string, timeoutMs?: number): Promise<string>;
  /** The exit code, or 128 + the signal's number. */
  readonly exited: Promise<number>;
  /** Whether the terminal shows typed keys and handles Ctrl-C itself, as a shell leaves it. */
  isCooked(): boolean;
  readonly pid: number;
}

const ECHO = 0o10;
const ICANON = 0o2;
const ISIG = 0o1;

/** Starts `argv` as the session leader of a new terminal of 80 × 24; disposing kills what is left of it. */
export function openTerminal(argv: readonly string[], env: Record<string, string> = {}): TestTerminal {
  const decoder = new TextDecoder();
  const waiting = new Set<() => void>();
  let text = "";
  let matchedUpTo = 0;
  let ended = false;
  const wake = () => {
    for (const check of waiting) check();
  };
  const terminal = new Bun.Terminal({
    cols: 80,
    rows: 24,
    data(_terminal, bytes) {
      text += decoder.decode(bytes, { stream: true });
      wake();
    },
  });
  // Bun makes the terminal but leaves its child in our session: setsid(1) makes it the owner, without a fork.
  const child = Bun.spawn(["setsid", "--ctty", "--", ...argv], {
    terminal,
    env: { ...process.env, TERM: "xterm-256color", ...env },
  });
  void child.exited.then(() => {
    ended = true;
    setTimeout(wake, 100); // The last output may still be on its way when the exit is seen.
  });

  const match = (pattern: RegExp | string): string | undefined => {
    const rest = text.slice(matchedUpTo);
    const found = typeof pattern === "string" ? pattern : pattern.exec(rest)?.[0];
    const at = found === undefined ? -1 : rest.indexOf(found);
    if (found === undefined || at < 0) return undefined;
    matchedUpTo += at + found.length;
    return found;
  };

  return {
    pid: child.pid,
    exited: child.exited,
    write: (keys) => void terminal.write(keys),
    resize: ({ columns, rows }) => terminal.resize(columns, rows),
    output: () => text,
    isCooked: () => (terminal.localFlags & (ECHO | ICANON | ISIG)) === (ECHO | ICANON | ISIG),
    waitFor(pattern, timeoutMs = 20_000) {
      return new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          waiting.delete(check);
          clearTimeout(timer);
          act();
        };
        const check = () => {
          const found = match(pattern);
          if (found !== undefined) finish(() => resolve(found));
          else if (ended) finish(() => reject(new Error(`the command ended without ${pattern}:\n${text}`)));
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`no ${pattern} within ${timeoutMs} ms:\n${text}`))),
          timeoutMs,
        );
        waiting.add(check);
        if (ended) setTimeout(check, 100);
        else check();
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
    },
  };
}
