import { UnsupportedError } from "../errors.ts";
import type { CreateRequest } from "../container/config.ts";
import type { ImageSummary } from "../image/list.ts";
import type { PullProgress } from "../image/progress.ts";
import type { GlobalOptions } from "./command.ts";

/** What the command line asks of the engine. Promises reject with EngineErrors. */
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

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** Entrypoint and command as one line. */
  readonly command: string;
  readonly createdAt: string;
  readonly state: "created" | "running" | "paused" | "restarting" | "exited" | "dead";
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
  /** Moments as `parseMoment` makes them. */
  readonly since?: string;
  readonly until?: string;
  readonly timestamps: boolean;
}

export interface Containers {
  /** Creates, starts and watches a container. @returns the exit code; 0 at once with `detach`. */
  run(request: CreateRequest, options: RunChoice): Promise<number>;
  create(request: CreateRequest, progress?: PullProgress): Promise<Created>;
  start(reference: string): Promise<void>;
  startAttached(reference: string, attach: AttachChoice): Promise<number>;
  attach(reference: string, attach: AttachChoice): Promise<number>;
  stop(reference: string, options: { graceSeconds?: number; signal?: number }): Promise<void>;
  restart(reference: string, options: { graceSeconds?: number; signal?: number }): Promise<void>;
  kill(reference: string, signal: number): Promise<void>;
  pause(reference: string): Promise<void>;
  unpause(reference: string): Promise<void>;
  wait(reference: string): Promise<number>;
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  list(options: {
    all: boolean;
    filters: Filters;
    last?: number;
    size: boolean;
  }): Promise<readonly ContainerSummary[]>;
  inspect(reference: string, options: { size: boolean }): Promise<unknown>;
  /** Prints on standard output and standard error. */
  logs(reference: string, request: LogsRequest): Promise<void>;
  exec(reference: string, request: ExecRequest): Promise<number>;
  explainRun(request: CreateRequest, progress?: PullProgress): Promise<readonly string[]>;
  explainExec(reference: string, request: ExecRequest): Promise<readonly string[]>;
}

export interface Images {
  pull(
    reference: string,
    options: { platform?: string; progress?: PullProgress; insecureRegistries: readonly string[] },
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

/** Opens the engine. It comes with its own import, so that help and refused command lines do not load it. */
export async function openEngine(globals: GlobalOptions): Promise<Engine> {
  throw new UnsupportedError(
    `Cannot open the engine${globals.root ? ` in ${globals.root}` : ""}: it is not in this build`,
  );
}
