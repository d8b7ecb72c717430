/** What can be asked of the engine, and what it answers: shared by the command line and everybody else above it. */
import type { CreateRequest } from "../container/config.ts";
import type { ImageSummary } from "../image/list.ts";
import type { PullProgress } from "../image/progress.ts";

export interface EngineOptions {
  /** The data root, by default `/var/lib/mini-docker`. */
  readonly root?: string;
  /** The run root, by default `/run/mini-docker`. */
  readonly runRoot?: string;
}

/** The engine. Promises reject with EngineErrors. */
export interface Engine extends Disposable {
  readonly containers: Containers;
  readonly images: Images;
  info(): Promise<unknown>;
}

export interface Created {
  readonly id: string;
  readonly warnings: readonly string[];
}

export interface AttachChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: Uint8Array;
}

export interface RunChoice {
  readonly detach: boolean;
  readonly attach: AttachChoice;
  readonly progress?: PullProgress;
  /** Called before the container starts. */
  onCreated(created: Created): void;
  /** Called with a line about the container's end that its exit code alone does not tell: what killed it. */
  onNotice?(line: string): void;
}

export interface ExecRequest {
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detach: boolean;
  readonly privileged: boolean;
  readonly detachKeys: Uint8Array;
}

/** `--filter` as given: each name with its values. */
export type Filters = ReadonlyMap<string, readonly string[]>;

export type ContainerState = "created" | "running" | "paused" | "restarting" | "exited" | "dead";

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** Entrypoint and command as one line. */
  readonly command: string;
  readonly createdAt: string;
  readonly state: ContainerState;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly exitCode: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly string[];
  readonly networks: readonly string[];
  readonly sizeRwBytes?: number;
  readonly sizeRootBytes?: number;
}

export interface LogsRequest {
  readonly follow: boolean;
  /** How many lines from the end; undefined for all. */
  readonly tail?: number;
  /** Moments as src/container/logs/moment.ts makes them. */
  readonly since?: string;
  readonly until?: string;
  readonly timestamps: boolean;
}

export interface ListOptions {
  readonly all: boolean;
  readonly filters: Filters;
  readonly last?: number;
  readonly size: boolean;
}

export interface StopOptions {
  readonly graceSeconds?: number;
  readonly signal?: number;
}

export interface Containers {
  /** Creates, starts and watches a container. @returns the exit code; 0 at once with `detach`. */
  run(request: CreateRequest, options: RunChoice): Promise<number>;
  create(request: CreateRequest, progress?: PullProgress): Promise<Created>;
  start(reference: string): Promise<void>;
  startAttached(reference: string, attach: AttachChoice, onNotice?: (line: string) => void): Promise<number>;
  attach(reference: string, attach: AttachChoice): Promise<number>;
  stop(reference: string, options: StopOptions): Promise<void>;
  restart(reference: string, options: StopOptions): Promise<void>;
  kill(reference: string, signal: number): Promise<void>;
  pause(reference: string): Promise<void>;
  unpause(reference: string): Promise<void>;
  wait(reference: string): Promise<number>;
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  list(options: ListOptions): Promise<readonly ContainerSummary[]>;
  inspect(reference: string, options: { size: boolean }): Promise<unknown>;
  /** Prints on standard output and standard error. */
  logs(reference: string, request: LogsRequest): Promise<void>;
  exec(reference: string, request: ExecRequest): Promise<number>;
  explainRun(request: CreateRequest, progress?: PullProgress): Promise<readonly string[]>;
  explainExec(reference: string, request: ExecRequest): Promise<readonly string[]>;
}

export interface PullRequest {
  readonly platform?: string;
  readonly progress?: PullProgress;
  readonly insecureRegistries: readonly string[];
}

export interface Images {
  pull(
    reference: string,
    options: PullRequest,
  ): Promise<{ reference: string; digest: string; upToDate: boolean }>;
  /** @returns the names, or the IDs of images without one, that were loaded. */
  load(
    path: string | undefined,
    options: { platform?: string; progress?: PullProgress },
  ): Promise<readonly string[]>;
  list(options: { all: boolean; filters: Filters; name?: string }): Promise<readonly ImageSummary[]>;
  /** @returns lines that say what went: `Untagged: …`, `Deleted: …`. */
  remove(reference: string, options: { force: boolean; prune: boolean }): Promise<readonly string[]>;
  inspect(reference: string): Promise<unknown>;
}
