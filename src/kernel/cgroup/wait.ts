import { closeSync, openSync, readSync } from "node:fs";
import { pidfdOpen, pidfdSendSignal } from "../../../ffi/sys/pidfd.ts";
import { PollEvent, PollSet } from "../poll.ts";
import { errorCode, readControl } from "./control-file.ts";
import { childCgroups } from "./hierarchy.ts";

const SIGKILL = 9;
const buffer = new Uint8Array(4096);
const decoder = new TextDecoder();

/**
 * Waits until a cgroup2's cgroup.events has a line, `populated 0` or `frozen 1`: the kernel wakes the waiter at
 * each change, so nothing is asked twice in vain.
 *
 * @returns false when `deadline` (in milliseconds of performance.now()) passed before; true also when the cgroup is
 *   gone
 * @see cgroup-v2.rst "cgroup.events"
 */
export function waitForEvent(directory: string, line: string, deadline: number): boolean {
  let fd: number;
  try {
    fd = openSync(`${directory}/cgroup.events`, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    throw error;
  }
  try {
    const poll = new PollSet(1);
    poll.set(0, fd, PollEvent.PRI);
    for (;;) {
      const text = readAt0(fd);
      if (text === undefined || text.split("\n").includes(line)) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      poll.wait(left);
    }
  } finally {
    closeSync(fd);
  }
}

/** The processes of a cgroup and all below it, as the caller's pid namespace numbers them; 0 for those outside it. */
export function processes(directory: string): number[] {
  const own = readControl(`${directory}/cgroup.procs`);
  if (own === undefined) return [];
  const pids = own.split("\n").filter(Boolean).map(Number);
  return [...pids, ...childCgroups(directory).flatMap(processes)];
}

/**
 * Kills the processes of a cgroup one by one, again and again until none is left: for kernels without cgroup.kill.
 *
 * A process is held by a pidfd and seen to be in the cgroup afterwards, so a number that was reused is never hit.
 *
 * @returns false when `deadline` passed before
 */
export function killEach(directory: string, deadline: number): boolean {
  for (;;) {
    const found = processes(directory).filter((pid) => pid > 0);
    if (found.length === 0) return true;
    if (performance.now() > deadline) return false;
    using held = new DisposableStack();
    const pidfds = found.flatMap((pid) => {
      const pidfd = pidfdOpen(pid);
      return pidfd ? [{ pid, fd: held.use(pidfd).fd }] : [];
    });
    const still = new Set(processes(directory));
    const poll = new PollSet(1);
    for (const { pid, fd } of pidfds) {
      if (still.has(pid)) pidfdSendSignal(fd, SIGKILL);
    }
    for (const { pid, fd } of pidfds) {
      if (!still.has(pid)) continue;
      poll.set(0, fd, PollEvent.IN);
      poll.wait(Math.max(0, deadline - performance.now()));
    }
  }
}

function readAt0(fd: number): string | undefined {
  try {
    return decoder.decode(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0)));
  } catch (error) {
    if (errorCode(error) === "ENODEV") return undefined;
    throw error;
  }
}
