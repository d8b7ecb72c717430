/** Calls at the end of a birth: standard streams, what is inherited, the program itself. */
import type { ProgramBuilder } from "../builder.ts";
import { cString, stringVector } from "../data.ts";
import { type Argument, Symbolic } from "../program.ts";

const FIRST_AFTER_STDIO = 3;
const CLOSE_RANGE_CLOEXEC = new Symbolic(4, "CLOSE_RANGE_CLOEXEC");
const ALL = new Symbolic(0xffff_ffff, "~0U");

/** Descriptors 0, 1 and 2. `undefined` leaves the shim's /dev/null in place. */
export function setStdio(b: ProgramBuilder, streams: readonly (Argument | undefined)[]): void {
  const names = ["stdin", "stdout", "stderr"];
  streams.forEach((stream, number) => {
    if (stream === undefined) return;
    b.call("dup3", [stream, number, 0], { why: names[number]!, subject: names[number]! });
  });
}

/** Every other descriptor closes when the program starts, whatever it was for. @see close_range(2) */
export function closeOthersOnExec(b: ProgramBuilder): void {
  b.call("close_range", [FIRST_AFTER_STDIO, ALL, CLOSE_RANGE_CLOEXEC], {
    why: "no descriptor of the host goes into the container",
    subject: "descriptors from 3 on",
  });
}

/** Waits for the engine to say that what it does from outside is done; its death is a failure. */
export function waitForGo(b: ProgramBuilder, pipe: Argument, buffer: Argument, why: string): void {
  const count = b.callFor("count", "read", [pipe, buffer, 1], { why, subject: "the go pipe" });
  b.check({
    value: count,
    expected: 1,
    errno: "ECANCELED",
    subject: "the go pipe",
    why: "the engine has gone: so do we",
  });
}

/**
 * Runs the first of several files that can be executed.
 *
 * @param candidates paths in the order in which they are tried, at least one
 * @see execve(2)
 */
export function execute(
  b: ProgramBuilder,
  candidates: readonly string[],
  process: { readonly argv: readonly string[]; readonly environment: readonly string[] },
): void {
  const argv = stringVector(process.argv);
  const environment = stringVector(process.environment, { secret: true });
  candidates.forEach((path, index) => {
    const isLast = index === candidates.length - 1;
    b.call("execve", [cString(path), argv, environment], {
      why: isLast ? "the container's own program" : "if it is here",
      subject: path,
      ...(isLast ? {} : { tolerate: "any" as const, report: true }),
    });
  });
}
