/**
 * What the machine that runs the tests can do, and the tests that need it.
 *
 * A test that cannot run here is skipped with the reason in its name. With SANDBOX_MUST_WORK=1, which the project's
 * own suite sets, a skip is an error instead: a machine that should run everything may not quietly run less.
 */
import { test } from "bun:test";
import { readFileSync } from "node:fs";

type Body = () => Promise<void> | void;

/** Bun's own default of 5 s is too short for a test in the emulated machine. */
const TIMEOUT_MS = 120_000;

const mustWork = process.env.SANDBOX_MUST_WORK === "1";

export const isRoot = process.getuid?.() === 0;

/** Whether every controller is on cgroup v2, mounted alone at /sys/fs/cgroup, as in the test VM. */
export const isPureCgroup2 = /^\S+ \/sys\/fs\/cgroup cgroup2 /m.test(readFileSync("/proc/mounts", "utf8"));

/** A failing test whose clean-up fails as well: the runner would print neither message. */
async function withBothErrors(body: Body): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SuppressedError)) throw error;
    throw new Error(`${error.suppressed}\n\nthen the clean-up failed: ${error.error}`, {
      cause: error.suppressed,
    });
  }
}

/**
 * Registers a test that runs where `missing` is undefined and is skipped, saying why, elsewhere.
 *
 * @param missing what this machine lacks: "needs root"
 * @param allowSkip the machine of the suite itself is known to lack it, as a host lacks the VM's cgroups
 */
export function testUnless(missing: string | undefined, allowSkip = false) {
  return (name: string, body: Body, timeoutMs: number = TIMEOUT_MS): void => {
    if (missing === undefined) test(name, () => withBothErrors(body), timeoutMs);
    else if (mustWork && !allowSkip) {
      test(name, () => {
        throw new Error(`SANDBOX_MUST_WORK=1, but this test ${missing}`);
      });
    } else test.skip(`${name} (skipped: ${missing})`, body);
  };
}

/** A test that needs root in the initial namespaces. */
export const rootTest = testUnless(isRoot ? undefined : "needs root");

/** A test of cgroup v2 limits, for the VM. */
export const cgroup2Test = testUnless(
  isPureCgroup2 ? undefined : "needs pure cgroup v2 (npm run test:vm)",
  true,
);
