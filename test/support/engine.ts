/**
 * An engine of one's own: dist/mini-docker with private roots, and a check at the end that nothing is left.
 *
 *     await using engine = await openTestEngine();
 *     const { exitCode, stdout } = await engine.run("run", "--rm", "busybox:test", "echo", "hello");
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dockerArchive, type ImageOptions } from "./images.ts";
import { containerCgroups, isEmptyCgroup, processesHolding, untilNone } from "./leftovers.ts";
import { isRoot, testUnless } from "./machine.ts";
import { holdNamespaces, type NamespaceHolder } from "./namespace-holder.ts";
import { tempDir } from "./temp-dir.ts";
import { openTerminal, type TestTerminal } from "./terminal.ts";

/** The program under test; MINI_DOCKER names another build of it. */
export const executable = process.env.MINI_DOCKER ?? join(import.meta.dir, "../../dist/mini-docker");

function reasonAgainst(): string | undefined {
  if (!isRoot) return "needs root";
  return existsSync(executable) ? undefined : "needs dist/mini-docker (npm run build)";
}

/** A test that drives the built program as root. */
export const engineTest = testUnless(reasonAgainst());

export interface RunResult {
  /** As a shell has it: 128 + the number of the signal that ended the program. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What the program reads; nothing by default. */
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface EngineOptions {
  /**
   * "private" (the default): commands run in a network and mount namespace of this engine, so that its bridge and
   * its rules are its own; "host": in the test runner's.
   */
  readonly namespaces?: "private" | "host";
}

export class TestEngine implements AsyncDisposable {
  readonly root: string;
  readonly runRoot: string;
  readonly #holder: NamespaceHolder | undefined;
  readonly #dir: Disposable;
  readonly #cgroupsBefore = containerCgroups();
  readonly #linksBefore: ReadonlySet<string>;

  constructor(dir: Disposable & { path: string }, holder: NamespaceHolder | undefined) {
    this.#dir = dir;
    this.#holder = holder;
    this.root = join(dir.path, "lib");
    this.runRoot = join(dir.path, "run");
    this.#linksBefore = new Set(this.#links());
  }

  /** The whole command line that runs the program with `args` on this engine, for those who spawn it themselves. */
  argv(...args: readonly string[]): string[] {
    const roots = ["--root", this.root, "--run-root", this.runRoot];
    return [...(this.#holder?.prefix ?? []), executable, ...roots, ...args];
  }

  /** Runs the program to its end, whatever that is. */
  run(...args: readonly string[]): Promise<RunResult> {
    return this.runWith({}, ...args);
  }

  /** Like {@link run}, with input, environment or a deadline. */
  async runWith(options: RunOptions, ...args: readonly string[]): Promise<RunResult> {
    const child = Bun.spawn(this.argv(...args), {
      stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout: options.timeoutMs ?? 120_000,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr };
  }

  /**
   * Runs the program and returns its stdout without the last newline.
   *
   * @throws {Error} with its stderr when it exits with anything but 0
   */
  async ok(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0)
      throw new Error(`mini-docker ${args.join(" ")}: exit code ${exitCode}\n${stderr}${stdout}`);
    return stdout.replace(/\n$/, "");
  }

  /** Starts the program in a terminal. */
  terminal(...args: readonly string[]): TestTerminal {
    return openTerminal(this.argv(...args));
  }

  /** Loads the busybox image and returns its name. */
  async loadBusybox(tag = "busybox:test", options: ImageOptions = {}): Promise<string> {
    await this.ok("load", "-q", "-i", dockerArchive(tag, options));
    return tag;
  }

  /** Runs a shell script where the engine's commands run: in its network and mount namespace. */
  sh(script: string): string {
    if (this.#holder !== undefined) return this.#holder.sh(script);
    const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-ec", script], { stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`${script}: ${stderr.toString()}`);
    return stdout.toString();
  }

  #links(): string[] {
    const text = this.sh("cat /proc/self/net/dev");
    return [...text.matchAll(/^\s*(md[0-9a-f]{10}):/gm)].map((match) => match[1] ?? "");
  }

  /**
   * What the engine's containers have left on the machine, a line each; nothing once all are removed.
   *
   * @param counts tells the lines that matter; waits for those alone to go
   */
  async leftovers(counts: (line: string) => boolean = () => true): Promise<string[]> {
    const holder = new Set(this.#holder === undefined ? [] : [this.#holder.pid]);
    const folders = (path: string) =>
      existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
    const found = () => [
      ...processesHolding([this.root, this.runRoot], holder).map((line) => `process ${line}`),
      ...folders(join(this.root, "containers")).map((path) => `folder ${path}`),
      ...folders(join(this.runRoot, "containers")).map((path) => `folder ${path}`),
      ...[...containerCgroups()]
        .filter((path) => !this.#cgroupsBefore.has(path) && isEmptyCgroup(path))
        .map((path) => `cgroup ${path}`),
      ...this.#links()
        .filter((link) => !this.#linksBefore.has(link))
        .map((link) => `link ${link}`),
      ...this.#mounts(),
    ];
    return [...(await untilNone(() => found().filter(counts)))];
  }

  #mounts(): string[] {
    const pid = this.#holder?.pid ?? "self";
    const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
    return lines
      .filter((line) => line.includes(this.root) || line.includes(this.runRoot))
      .map((line) => `mount ${line}`);
  }

  /** Removes every container, checks that nothing of any is left, and removes the engine's folders. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.#dir);
    if (this.#holder !== undefined) stack.use(this.#holder);
    const ids = (await this.run("ps", "-aq", "--no-trunc")).stdout.split("\n").filter(Boolean);
    const removed = ids.length === 0 ? undefined : await this.run("rm", "-f", ...ids);
    const left = await this.leftovers();
    if (left.length > 0) {
      await this.#killHolders();
      throw new Error(`The engine left behind:\n${left.join("\n")}\n${removed?.stderr ?? ""}`);
    }
  }

  /** Ends what still runs, so that one failure does not spread: by PID, and only what holds this engine's files. */
  async #killHolders(): Promise<void> {
    const holder = new Set(this.#holder === undefined ? [] : [this.#holder.pid]);
    await untilNone(() => {
      const found = processesHolding([this.root, this.runRoot], holder);
      for (const line of found) {
        try {
          process.kill(Number.parseInt(line, 10), "SIGKILL");
        } catch {
          // It ended by itself.
        }
      }
      return found;
    });
  }
}

/** Makes an engine with empty roots in a temporary folder. Needs root. */
export async function openTestEngine(options: EngineOptions = {}): Promise<TestEngine> {
  const holder = options.namespaces === "host" ? undefined : await holdNamespaces();
  return new TestEngine(tempDir("engine"), holder);
}
