/**
 * What a container's shim has written into its run folder, and what that means.
 *
 * `monitor` holds two lines of proc(5)'s stat, the shim's and the init's: number and start time, so that a number used
 * again is not mistaken for them. `exit` holds waitid(2)'s answer and the time.
 */
import { readFileSync } from "node:fs";

/** A process by number and start time, in clock ticks after boot. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startTicks: number;
}

export interface ExitFile {
  readonly siCode: number;
  readonly siStatus: number;
  /** ISO 8601. */
  readonly finishedAt: string;
}

export interface RunState {
  readonly shim?: ProcessRecord;
  readonly init?: ProcessRecord;
  readonly exit?: ExitFile;
}

/** Reads a run folder. What is not there is left out. */
export function readRunState(folder: string): RunState {
  const monitor = readText(`${folder}/monitor`)?.split("\n") ?? [];
  const exit = parseExit(readText(`${folder}/exit`));
  const shim = parseStat(monitor[0]);
  const init = parseStat(monitor[1]);
  return { ...(shim ? { shim } : {}), ...(init ? { init } : {}), ...(exit ? { exit } : {}) };
}

/** Whether this process exists, and is not a zombie that only waits to be reaped. */
export function isRunning({ pid, startTicks }: ProcessRecord): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined || parseStat(stat)?.startTicks !== startTicks) return false;
  return fieldsOf(stat)[0] !== "Z";
}

/** Number and start time in a line of /proc/PID/stat. @see proc_pid_stat(5) fields 1 and 22 */
export function parseStat(line: string | undefined): ProcessRecord | undefined {
  if (!line?.includes(")")) return undefined;
  const startTicks = Number(fieldsOf(line)[19]);
  return Number.isInteger(startTicks) ? { pid: Number.parseInt(line, 10), startTicks } : undefined;
}

/** The fields behind the name, which may hold spaces and parentheses itself. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Reads `si_code si_status seconds.nanoseconds`. */
export function parseExit(text: string | undefined): ExitFile | undefined {
  const match = /^(\d+) (\d+) (\d+)\.(\d{9})\n$/.exec(text ?? "");
  if (!match) return undefined;
  const [, siCode, siStatus, seconds, nanoseconds] = match;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return { siCode: Number(siCode), siStatus: Number(siStatus), finishedAt: `${whole}.${nanoseconds}Z` };
}

let bootId: string | undefined;

/** The ID of this boot: a container that was started in another does not run. @see proc_sys_kernel(5) */
export function currentBootId(): string {
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return bootId;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
