/**
 * `npm test`: every check and every suite, in order of cost, and one line at the end that sums them.
 *
 * `npm test -- unit sandbox` runs only those. With CI=true a test that this machine should be able to run may not be
 * skipped. Exits with 1 when anything failed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

interface Step {
  readonly name: string;
  /** Arguments of bun. */
  readonly argv: readonly string[];
  /** A run of tests, which counts for as many as it prints; anything else counts as one. */
  readonly suite?: boolean;
  /** Why the step cannot run here. */
  readonly missing?: () => string | undefined;
}

const root = join(import.meta.dir, "..");
const TIMEOUT = "--timeout=120000";
const LINTER = join(root, "node_modules/@biomejs/biome/bin/biome");

const tests = (...folders: string[]) => ["test", TIMEOUT, ...folders.filter(hasTests)];
const hasTests = (folder: string) =>
  [...new Bun.Glob(`${folder}/**/*.test.ts`).scanSync({ cwd: root })].length > 0;
const noTests = (folder: string) => (hasTests(folder) ? undefined : `no tests in ${folder}`);

function noMachine(): string | undefined {
  if (Bun.which("qemu-system-x86_64") !== null || process.getuid?.() === 0) return undefined;
  return "qemu-system-x86 is not installed, and only root can install it";
}

const STEPS: readonly Step[] = [
  { name: "format", argv: ["fmt", "--no-script", "--check"] },
  { name: "types", argv: ["check", "--no-script"] },
  { name: "lint", argv: [LINTER, "lint", "--error-on-warnings", "."] },
  { name: "build", argv: ["scripts/build.ts"] },
  { name: "unit", argv: tests("test/unit/", "test/tidy/"), suite: true },
  { name: "sandbox", argv: tests("test/sandbox/"), suite: true, missing: () => noTests("test/sandbox") },
  { name: "system", argv: tests("test/system/"), suite: true, missing: () => noTests("test/system") },
  { name: "vm", argv: ["test/vm/suite.ts"], suite: true, missing: noMachine },
];

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const inCi = process.env.CI === "true";
const env = { ...process.env, ...(inCi ? { SANDBOX_MUST_WORK: "1" } : {}), NO_COLOR: "1" };

/** Reads the summaries of `bun test`: lines of a number and a word. */
function countTests(output: string): Count {
  const sum = (word: string) =>
    [...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].reduce(
      (total, match) => total + Number(match[1]),
      0,
    );
  return { passed: sum("pass"), failed: sum("fail") + sum("errors?"), skipped: sum("skip") + sum("todo") };
}

async function copyAndKeep(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let kept = "";
  for await (const bytes of stream) {
    await Bun.write(Bun.stdout, bytes);
    kept += decoder.decode(bytes, { stream: true });
  }
  return kept;
}

async function run(step: Step): Promise<Count> {
  const missing = step.missing?.();
  if (missing !== undefined) {
    console.log(`\n== ${step.name}: skipped, ${missing}`);
    return { passed: 0, failed: inCi ? 1 : 0, skipped: inCi ? 0 : 1 };
  }
  console.log(`\n== ${step.name}`);
  const startedAt = performance.now();
  const child = Bun.spawn([process.execPath, ...step.argv], {
    cwd: root,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, exitCode] = await Promise.all([
    copyAndKeep(child.stdout),
    copyAndKeep(child.stderr),
    child.exited,
  ]);
  const count = step.suite
    ? countTests(`${out}\n${err}`)
    : { passed: exitCode === 0 ? 1 : 0, failed: 0, skipped: 0 };
  if (exitCode !== 0 && count.failed === 0) count.failed = 1; // It ended before it could count.
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`== ${step.name}: ${count.failed === 0 ? "ok" : "FAILED"} in ${seconds} s`);
  return count;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `Cannot run ${unknown.join(", ")}: the steps are ${STEPS.map((step) => step.name).join(", ")}`,
  );
  process.exit(2);
}
if (!existsSync(join(root, "node_modules/bun-types"))) {
  console.error("Cannot test: node_modules is incomplete; run npm ci");
  process.exit(2);
}
const total: Count = { passed: 0, failed: 0, skipped: 0 };
for (const step of STEPS) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue;
  const count = await run(step);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}
const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;
