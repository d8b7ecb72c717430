/** Shows raw mode and sizes on its own terminal. Each line typed moves it one step on. */
import { readSync, writeSync } from "node:fs";
import { PollEvent, PollSet } from "../../../src/kernel/poll.ts";
import { openSignalPipe } from "../../../src/kernel/signal-pipe.ts";
import { enterRawMode, isatty, terminalSize } from "../../../src/kernel/tty.ts";

const SIGWINCH = 28;
const say = (text: string) => writeSync(1, `${text}\r\n`);
const size = () => `${terminalSize(0).rows}x${terminalSize(0).columns}`;

say(`terminal ${isatty(0)} ${isatty(1)} ${size()}`);
{
  using signals = openSignalPipe([SIGWINCH]);
  const set = new PollSet(1);
  set.set(0, signals.fd, PollEvent.IN);
  say("waiting");
  set.wait();
  say(`signal ${signals.take().join()} size ${size()}`);
}
try {
  using _raw = enterRawMode(0);
  say("raw");
  const key = new Uint8Array(1);
  readSync(0, key);
  say(`key ${key[0]}`);
  throw new Error("the body fails");
} catch (cause) {
  say(`then ${(cause as Error).message}`);
}
say("done");
readSync(0, new Uint8Array(1));
