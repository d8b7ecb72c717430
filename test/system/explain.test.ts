/** `explain` shows what a start would do, and does none of it. */
import { expect } from "bun:test";
import { engineTest, openTestEngine } from "../support/engine.ts";

engineTest("explain run prints numbered calls with their reasons, and makes nothing", async () => {
  await using engine = await openTestEngine();
  await engine.loadBusybox();

  const { exitCode, stdout } = await engine.run(
    "explain",
    "run",
    "--network",
    "none",
    "busybox:test",
    "true",
  );

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ *1 +shim +clone3\(CLONE_NEWNS\|/);
  expect(stdout).toMatch(/pivot_root\("\.", "\."\)\n +# \S/);
  expect(stdout.trimEnd()).toMatch(/execve\("[^\n]*\n +# the container's own program$/);
  expect((await engine.run("ps", "-aq")).stdout).toBe("");
});
