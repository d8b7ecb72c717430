import {
  type Argument,
  Address,
  Inherited,
  Loaded,
  type Operation,
  type Program,
  Register,
  Symbolic,
} from "./program.ts";
import { Data } from "./data.ts";

/** One numbered step of a program, as a person reads it. */
export interface ExplainedStep {
  readonly number: number;
  /** Who makes the call. */
  readonly who: "shim" | "child";
  /** `root = openat(AT_FDCWD, "/", O_PATH)`. */
  readonly call: string;
  readonly why: string;
}

/** Lists a program's calls in the order in which they run, with the reason of each. The clone is a step of its own. */
export function explainProgram(program: Program): ExplainedStep[] {
  const steps: ExplainedStep[] = [];
  const add = (who: "shim" | "child", call: string, why: string) => {
    steps.push({ number: steps.length + 1, who, call, why });
  };
  for (const operation of program.before) add("shim", formatOperation(operation), operation.why);
  if (!program.hasChild) return steps;
  const cgroup = program.cgroup ? ` | CLONE_INTO_CGROUP, cgroup=${program.cgroup.text}` : "";
  add(
    "shim",
    `clone3(${program.cloneFlags.text}${cgroup})`,
    "the container's first process, in namespaces of its own",
  );
  for (const operation of program.child) add("child", formatOperation(operation), operation.why);
  return steps;
}

/** The number that `explain` gives to the operation with this index, for messages about a failed step. */
export function stepNumber(program: Program, index: number): number {
  return index < program.before.length ? index + 1 : index + 2;
}

/** How many steps `explain` shows. */
export function stepCount(program: Program): number {
  return program.before.length + (program.hasChild ? 1 + program.child.length : 0);
}

/** An operation in C's notation: `fd = openat(AT_FDCWD, "/", O_PATH)`. */
export function formatOperation(operation: Operation): string {
  switch (operation.kind) {
    case "syscall": {
      const call = `${operation.name}(${operation.args.map(formatArgument).join(", ")})`;
      const result = operation.result ? `${operation.result.text} = ` : "";
      return `${result}${call}${formatTolerance(operation)}`;
    }
    case "check": {
      const full = operation.mask === -1;
      const value = full
        ? formatArgument(operation.value)
        : `${formatArgument(operation.value)} & ${hex(operation.mask)}`;
      return `check ${value} == ${hex(operation.expected)}, else ${operation.errno}${formatTolerance(operation)}`;
    }
    case "store":
      return `${operation.data.text}[${operation.offset}] = ${operation.value.text}`;
    case "init":
      return "fork()";
  }
}

function formatTolerance({ tolerate, skip }: Operation): string {
  if (!tolerate?.length) return "";
  const errors = tolerate === "any" ? "any error" : tolerate.join(" or ");
  return skip ? `  [on ${errors}: skip ${skip}]` : `  [${errors} is fine]`;
}

function formatArgument(argument: Argument): string {
  if (argument === null) return "NULL";
  if (typeof argument === "number") return String(argument);
  if (argument instanceof Address) return `&${argument.text}`;
  if (
    argument instanceof Data ||
    argument instanceof Inherited ||
    argument instanceof Register ||
    argument instanceof Symbolic ||
    argument instanceof Loaded
  ) {
    return argument.text;
  }
  return String(argument);
}

function hex(value: number): string {
  return value < 10 ? String(value) : `0x${BigInt(value).toString(16)}`;
}
