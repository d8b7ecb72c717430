/**
 * Blocks in poll, writes each signal's number as a line, and ends at SIGTERM with what became of the
 * dispositions.
 */
import { readFileSync, writeSync } from "node:fs";
import { PollEvent, PollSet } from "../../../src/kernel/poll.ts";
import { openSignalPipe } from "../../../src/kernel/signal-pipe.ts";

const SIGTERM = 15;
const SIGSEGV = 11;

const caught = () => /SigCgt:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
const before = caught();
{
  using signals = openSignalPipe([1, 2, 10, SIGSEGV, SIGTERM, 28, 64]);
  writeSync(1, `ready ${signals.signals.join(" ")}\n`);
  const set = new PollSet(1);
  set.set(0, signals.fd, PollEvent.IN);
  for (let ended = false; !ended;) {
    set.wait();
    for (const signal of signals.take()) {
      writeSync(1, `${signal}\n`);
      ended ||= signal === SIGTERM;
    }
  }
}
writeSync(1, caught() === before ? "restored\n" : "not restored\n");
