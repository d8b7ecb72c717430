import { dirname } from "node:path";
import { type FolderWatch, InotifyMask, openFolderWatch } from "../../kernel/inotify.ts";
import { readAt } from "../../kernel/input.ts";
import { openOutput, type Output } from "../../kernel/output.ts";
import { PollEvent, PollSet } from "../../kernel/poll.ts";
import { type LogFile, openLogFiles, openNextLogFile } from "./log-files.ts";
import { LogPrinter, type PrintState } from "./log-printer.ts";
import { momentMs } from "./moment.ts";
import { findTail } from "./tail.ts";

export interface ReadLogsOptions {
  /** The newest file, `…/log/container.log`; older ones beside it are `.1`, `.2` and so on. */
  readonly path: string;
  /** Descriptors for the two streams; `null` leaves one out. */
  readonly stdoutFd: number | null;
  readonly stderrFd: number | null;
  /** Only the last so many lines; all when left out. */
  readonly tail?: number | undefined;
  /** Moments as `parseMoment` makes them, both inclusive. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly timestamps: boolean;
  /** Goes on with what the container writes, until it has ended. */
  readonly follow?: FollowOptions | undefined;
}

export interface FollowOptions {
  /**
   * A folder in which something changes when the container ends: its run folder, where the exit record
   * appears.
   */
  readonly watchFolder: string;
  /** Whether the container has ended, with all its output in the log. Asked after each change. */
  readonly ended: () => boolean;
  /** A pidfd of the shim: when it is gone, so is the container's output, exit record or not. */
  readonly shimPidFd?: number | undefined;
}

const BUFFER_BYTES = 256 * 1024;

/** Places in the poll set of a follower. */
const CHANGES = 0;
const SHIM = 1;
const STDOUT_READER = 2;
const STDERR_READER = 3;

const LOG_CHANGES = InotifyMask.MODIFY | InotifyMask.CREATE | InotifyMask.MOVED_TO | InotifyMask.DELETE;
const RUN_CHANGES = InotifyMask.CREATE | InotifyMask.MOVED_TO | InotifyMask.DELETE | InotifyMask.DELETE_SELF;

/**
 * Prints a container's log: what it wrote, on the streams it wrote it to, and what it goes on writing if
 * asked.
 *
 * Blocks this thread. Survives rotation and missing files; ends quietly when nobody reads the output any
 * more.
 *
 * @see inotify(7)
 */
export function readLogs(options: ReadLogsOptions): void {
  using stack = new DisposableStack();
  const open = (fd: number | null) => (fd === null ? null : stack.use(openOutput(fd)));
  const outputs = { stdout: open(options.stdoutFd), stderr: open(options.stderrFd) };
  // Watching begins before reading: what changes in between is seen at the first wait.
  const watch = options.follow === undefined ? undefined : stack.use(openWatch(options.path, options.follow));
  using reader = new LogReader(options.path, new LogPrinter({ ...options, ...outputs }));
  if (reader.printExisting(options) !== "more" || watch === undefined || options.follow === undefined) return;
  follow(reader, { ...options.follow, watch, outputs, until: options.until });
}

function openWatch(path: string, { watchFolder }: FollowOptions): FolderWatch {
  const watch = openFolderWatch();
  for (const [folder, mask] of [
    [dirname(path), LOG_CHANGES],
    [watchFolder, RUN_CHANGES],
  ] as const) {
    try {
      watch.add(folder, mask);
    } catch (cause) {
      // A run folder that is gone is a container that has ended, which `ended` knows.
      if ((cause as { code?: unknown }).code !== "ENOENT") {
        watch[Symbol.dispose]();
        throw cause;
      }
    }
  }
  return watch;
}

interface Follower extends FollowOptions {
  readonly watch: FolderWatch;
  readonly outputs: { readonly stdout: Output | null; readonly stderr: Output | null };
  readonly until: string | undefined;
}

function follow(reader: LogReader, { watch, outputs, until, ended, shimPidFd }: Follower): void {
  const set = new PollSet(4);
  set.set(CHANGES, watch.fd, PollEvent.IN);
  if (shimPidFd !== undefined) set.set(SHIM, shimPidFd, PollEvent.IN);
  // Errors alone: `logs -f | head -1` ends when head does, not at the container's next line.
  if (outputs.stdout) set.set(STDOUT_READER, outputs.stdout.fd, 0);
  if (outputs.stderr) set.set(STDERR_READER, outputs.stderr.fd, 0);
  for (let shimGone = false; ;) {
    watch.drain();
    // Asked before reading: what was written before the end is then there to be read.
    const last = shimGone || ended();
    if (reader.printNew() !== "more" || last) return;
    const timeoutMs = until === undefined ? null : momentMs(until) - Date.now();
    if (timeoutMs !== null && timeoutMs <= 0) return;
    set.wait(timeoutMs);
    shimGone = set.events(SHIM) !== 0;
    if (set.events(STDOUT_READER) !== 0 || set.events(STDERR_READER) !== 0) return;
  }
}

/** Reads the log's files in order and keeps the place. */
class LogReader implements Disposable {
  readonly #path: string;
  readonly #printer: LogPrinter;
  readonly #bytes = new Uint8Array(BUFFER_BYTES + 1);
  #current: LogFile | undefined;

  constructor(path: string, printer: LogPrinter) {
    this.#path = path;
    this.#printer = printer;
  }

  /** Prints what is there, from the first line that is wanted on. */
  printExisting({ tail, since }: ReadLogsOptions): PrintState {
    const files = openLogFiles(this.#path);
    try {
      const starts = tail === undefined ? undefined : findTail(files, tail);
      const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentMs(since) - 1;
      for (const [index, file] of files.entries()) {
        const isLast = index === files.length - 1;
        if (!isLast && file.modifiedMs < sinceMs) continue; // Its last line is earlier.
        const [stdout, stderr] = (starts ?? []).map((start) => {
          if (index === start.file) return start.offset;
          return index < start.file ? Number.POSITIVE_INFINITY : 0;
        });
        this.#printer.skipBefore(stdout ?? 0, stderr ?? 0);
        file.position = Math.min(stdout ?? 0, stderr ?? 0, file.sizeBytes);
        const state = this.#drain(file);
        if (state !== "more") return state;
      }
      this.#current = files.pop();
      return "more";
    } finally {
      for (const file of files) file[Symbol.dispose]();
    }
  }

  /** Prints what was written since, over any number of rotations. */
  printNew(): PrintState {
    for (;;) {
      let state = this.#current === undefined ? "more" : this.#drain(this.#current);
      const next = openNextLogFile(this.#path, this.#current);
      if (state !== "more" || next === undefined) {
        next?.[Symbol.dispose]();
        return state;
      }
      using previous = this.#current;
      this.#current = next;
      // Once renamed it is never written again, but it may have been between our last look and that.
      if (previous !== undefined) state = this.#drain(previous);
      if (state !== "more") return state;
      this.#printer.skipBefore(0, 0);
    }
  }

  /**
   * Prints a file's complete lines from its position to its end. A line cut off at the end waits for its
   * rest.
   */
  #drain(file: LogFile): PrintState {
    const bytes = this.#bytes;
    let kept = 0;
    for (;;) {
      const span = { bytes, offset: kept, length: BUFFER_BYTES - kept };
      const count = readAt(file.fd, span, file.position + kept);
      if (count === 0) return "more";
      const end = kept + count;
      const { state, used } = this.#printer.print(bytes, end, file.position);
      if (state !== "more") return state;
      if (used === 0 && end === BUFFER_BYTES) {
        file.position += end; // A line this long is none of ours: pass over it.
        kept = 0;
        continue;
      }
      file.position += used;
      kept = end - used;
      bytes.copyWithin(0, used, end);
    }
  }

  [Symbol.dispose](): void {
    this.#current?.[Symbol.dispose]();
  }
}
