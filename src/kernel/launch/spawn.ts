import { openSync, readSync, writeSync } from "node:fs";
import { errnoCode } from "../../../ffi/errno.ts";
import { OwnedFd } from "../../../ffi/fd.ts";
import { shimExecutable } from "../../../ffi/shim/embedded.ts";
import { duplicateAbove, memfdCreate, posixSpawn, seal, waitPid } from "../../../ffi/sys/spawn.ts";
import type { EncodedProgram } from "./encoder.ts";
import { FIRST_INHERITED_FD } from "./encoder.ts";

const PROGRAM_FD = 3;
/** Sources are moved up here first, so that no descriptor of ours has the number that another is to get. */
const SAFE_FDS = 200;
const REPORT_SIZE = 16;
const Report = { started: 1, tolerated: 2, failed: 3 } as const;
const INDEX_CLONE = 0xffffffff;

/** An operation that failed: its index over `before` and `child`, or `"clone"`. */
export interface LaunchFailure {
  readonly index: number | "clone";
  readonly errno: string;
}

/** What a launch came to. */
export type LaunchOutcome =
  | { readonly ok: true; readonly pid: number; readonly tolerated: readonly LaunchFailure[] }
  | { readonly ok: false; readonly failure: LaunchFailure; readonly tolerated: readonly LaunchFailure[] };

/** A shim that runs its program: its pid, and the pipe on which it reports. */
export class Launch implements Disposable {
  readonly shimPid: number;
  readonly #report: OwnedFd;
  readonly #tolerated: LaunchFailure[] = [];
  #pid = 0;
  #failure: LaunchFailure | undefined;
  #ended = false;

  constructor(shimPid: number, report: OwnedFd) {
    this.shimPid = shimPid;
    this.#report = report;
  }

  /**
   * Waits until the child exists.
   *
   * @returns its pid in this pid namespace, or `undefined` when a step before it failed: {@link outcome} has the reason
   */
  started(): number | undefined {
    while (!this.#pid && !this.#ended) this.#next();
    return this.#pid || undefined;
  }

  /** Waits until the program has run to its end: execve(2) succeeded, or an operation failed. */
  outcome(): LaunchOutcome {
    while (!this.#ended) this.#next();
    const tolerated = this.#tolerated;
    if (this.#failure) return { ok: false, failure: this.#failure, tolerated };
    if (!this.#pid) return { ok: false, failure: { index: "clone", errno: "ECHILD" }, tolerated };
    return { ok: true, pid: this.#pid, tolerated };
  }

  /** Reaps the shim, for a caller that outlives it. */
  reap(): void {
    waitPid(this.shimPid);
  }

  /** Ends the shim, and with it the child, and reaps it. */
  kill(): void {
    process.kill(this.shimPid, "SIGKILL");
    this.reap();
  }

  [Symbol.dispose](): void {
    this.#report.close();
  }

  #next(): void {
    const record = Buffer.alloc(REPORT_SIZE);
    if (readSync(this.#report.fd, record) !== REPORT_SIZE) {
      this.#ended = true; // Closed by execve, or by the end of everyone who held it.
      return;
    }
    const value = Number(record.readBigInt64LE(8));
    const number = record.readUInt32LE(4);
    const index = number === INDEX_CLONE ? "clone" : number;
    switch (record.readUInt32LE(0)) {
      case Report.started:
        this.#pid = value;
        break;
      case Report.tolerated:
        this.#tolerated.push({ index, errno: errnoCode(value) });
        break;
      case Report.failed:
        this.#failure = { index, errno: errnoCode(value) };
        break;
    }
  }
}

/**
 * Starts the shim on a program.
 *
 * It runs from a sealed memfd: what a container finds as /proc/PID/exe of its birth is a few KiB that nobody can write.
 *
 * @param reportReader the reading end of the pipe whose writing end is the program's `report`
 * @param name what `ps` shows as the shim's argument, the container's ID
 */
export function launch(encoded: EncodedProgram, reportReader: OwnedFd, name: string): Launch {
  using executable = memfdOf("mini-docker-shim", shimExecutable(), { executable: true });
  using program = memfdOf("launch-program", encoded.bytes, { executable: false });
  using moved = new DisposableStack();
  const move = (fd: number) => moved.use(duplicateAbove(fd, SAFE_FDS)).fd;
  using nullDevice = new OwnedFd(openSync("/dev/null", "r+"));
  const silence = move(nullDevice.fd);
  const descriptors = [0, 1, 2].map((target) => ({ source: silence, target }));
  descriptors.push({ source: move(program.fd), target: PROGRAM_FD });
  encoded.inherited.forEach(({ fd }, index) => {
    descriptors.push({ source: move(fd), target: FIRST_INHERITED_FD + index });
  });
  const argv = ["mini-docker-shim", name];
  const shimPid = posixSpawn(`/proc/self/fd/${executable.fd}`, { argv, environment: [], descriptors });
  return new Launch(shimPid, reportReader);
}

function memfdOf(name: string, bytes: Uint8Array, { executable }: { executable: boolean }): OwnedFd {
  const file = memfdCreate(name, { executable });
  for (let done = 0; done < bytes.length;) done += writeSync(file.fd, bytes, done);
  seal(file.fd);
  return file;
}
