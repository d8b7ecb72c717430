import { readFileSync } from "node:fs";

/** A process, for good: its number is used again, its number and start time together are not. */
export interface Owner {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startTicks: number;
}

/** This process. */
export function currentOwner(): Owner {
  return { pid: process.pid, startTicks: startTicks(process.pid)! };
}

/** Whether the process still exists. A zombie does: its parent has yet to hear of it. */
export function isAlive(owner: Owner): boolean {
  return startTicks(owner.pid) === owner.startTicks;
}

/** `PID-TICKS`, for names of files that a process owns. */
export function formatOwner({ pid, startTicks }: Owner): string {
  return `${pid}-${startTicks}`;
}

/** Reads {@link formatOwner}'s text at the start of a name; `undefined` when there is none. */
export function parseOwner(name: string): Owner | undefined {
  const match = /^(\d{1,10})-(\d{1,15})(?=$|-)/.exec(name);
  return match === null ? undefined : { pid: Number(match[1]), startTicks: Number(match[2]) };
}

/** Field 22 of /proc/PID/stat. The second field may hold spaces and parentheses, so counting starts after its end. */
function startTicks(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // ENOENT, or ESRCH when it ends between open and read.
  }
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}
