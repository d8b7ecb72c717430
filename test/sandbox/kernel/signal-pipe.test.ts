import { expect, test } from "bun:test";
import { join } from "node:path";

const fixture = join(import.meta.dir, "signal-pipe.fixture.ts");

test("openSignalPipe() wakes a thread that is blocked in poll, and restores the dispositions", async () => {
  await using child = Bun.spawn([process.execPath, fixture], { stdout: "pipe", stderr: "inherit" });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const waitFor = async (expected: string) => {
    while (!text.includes(expected)) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`no ${expected} in ${text}`);
      text += value;
    }
  };

  // SIGSEGV (11) is missing: the runtime has a handler of its own for it.
  await waitFor("ready 1 2 10 15 28 64\n");
  for (const signal of [1, 2, 10, 28, 64]) {
    process.kill(child.pid, signal);
    await waitFor(`\n${signal}\n`);
  }
  process.kill(child.pid, 15);
  await waitFor("restored\n");

  expect(text).toBe("ready 1 2 10 15 28 64\n1\n2\n10\n28\n64\n15\nrestored\n");
  expect(await child.exited).toBe(0);
});
