/**
 * Code that changes namespaces, mounts or links runs in a program of its own, never in the test runner: a
 * `*.fixture.ts` beside the test, started under unshare(1), which prints what it saw as JSON.
 */
import { isRoot, testUnless } from "./machine.ts";

const UNSHARE = [
  "unshare",
  ...(isRoot ? [] : ["--user", "--map-root-user"]),
  "--mount",
  "--net",
  "--propagation=private",
];

function reasonAgainst(): string | undefined {
  const probe = Bun.spawnSync([...UNSHARE, "true"], { stdout: "ignore", stderr: "pipe" });
  return probe.success ? undefined : `needs namespaces: ${probe.stderr.toString().trim()}`;
}

/** A test whose fixture runs in private mount and network namespaces, as root of at least its own user namespace. */
export const sandboxTest = testUnless(reasonAgainst());

/**
 * Runs a fixture in namespaces of its own and returns what it printed.
 *
 * Its mounts are private and its network has a loopback link only, which is down. The fixture's last line on stdout is
 * the JSON of the result; it takes its arguments from `process.argv.slice(2)`.
 *
 * @param fixture the fixture's absolute path, `join(import.meta.dir, "mount.fixture.ts")`
 * @throws {Error} with the fixture's stderr when it fails
 */
export async function inSandbox<Result>(fixture: string, ...args: readonly string[]): Promise<Result> {
  const child = Bun.spawn([...UNSHARE, "--", process.execPath, fixture, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`${fixture} ended with ${exitCode}:\n${stderr}${stdout}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Result;
}
