import { type OwnedFd, pipe, socketPair } from "../kernel/descriptors.ts";
import type { Supervision } from "../kernel/launch/encoder.ts";
import { Inherited } from "../kernel/launch/program.ts";

/** The container's side of its standard streams, by what a birth calls them. */
export interface ChildStreams {
  readonly stdin?: Inherited;
  readonly stdout?: Inherited;
  readonly stderr?: Inherited;
  readonly pty?: Inherited;
}

/** Both sides of a process's standard streams, until the shim has taken them. */
export class Streams implements Disposable {
  readonly child: ChildStreams;
  readonly shim: Pick<Supervision, "stdin" | "stdout" | "stderr" | "pty" | "ptyInput" | "stdinOnce">;
  readonly #stack: DisposableStack;

  constructor(child: ChildStreams, shim: Streams["shim"], stack: DisposableStack) {
    this.child = child;
    this.shim = shim;
    this.#stack = stack;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

export interface StreamOptions {
  readonly tty: boolean;
  /** Whether the process gets an input; without one it is /dev/null. */
  readonly stdin: boolean;
  /** Whether the input ends with the first client's. */
  readonly stdinOnce: boolean;
  /** Whether anybody takes the output; without it is /dev/null. */
  readonly output: boolean;
}

/** Opens pipes for a process, or with a terminal the socket on which the pty will come. */
export function openStreams({ tty, stdin, stdinOnce, output }: StreamOptions): Streams {
  using stack = new DisposableStack();
  const theirs = (fd: OwnedFd, name: string) => new Inherited(stack.use(fd).fd, name, false);
  const shims = (fd: OwnedFd, name: string) => new Inherited(stack.use(fd).fd, name, true);
  const child: { -readonly [K in keyof ChildStreams]: ChildStreams[K] } = {};
  const shim: { -readonly [K in keyof Streams["shim"]]: Streams["shim"][K] } = { stdinOnce };
  if (tty) {
    const [ours, other] = socketPair();
    shim.pty = shims(ours, "pty socket");
    shim.ptyInput = stdin;
    child.pty = theirs(other, "shim");
  } else {
    if (stdin) {
      const { reader, writer } = pipe();
      child.stdin = theirs(reader, "stdin");
      shim.stdin = shims(writer, "stdin's other end");
    }
    if (output) {
      for (const name of ["stdout", "stderr"] as const) {
        const { reader, writer } = pipe();
        child[name] = theirs(writer, name);
        shim[name] = shims(reader, `${name}'s other end`);
      }
    }
  }
  return new Streams(child, shim, stack.move());
}

/** The same names without descriptors, for a program that is only shown. */
export function placeholderStreams({ tty, stdin, output }: StreamOptions): ChildStreams {
  const name = (text: string) => new Inherited(-1, text, false);
  if (tty) return { pty: name("shim") };
  return {
    ...(stdin ? { stdin: name("stdin") } : {}),
    ...(output ? { stdout: name("stdout"), stderr: name("stderr") } : {}),
  };
}
