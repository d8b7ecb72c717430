import type { Data } from "./data.ts";
import {
  type Argument,
  Inherited,
  type Operation,
  type Program,
  REGISTERS,
  Register,
  Symbolic,
} from "./program.ts";

/** What a call needs beside its name and arguments. */
export interface CallOptions {
  /** Why the call is made: one clause, for the reader of `explain`. */
  readonly why: string;
  /** What an error message names as the call's object; by default its first path. */
  readonly subject?: string;
  readonly tolerate?: readonly string[] | "any";
  readonly report?: boolean;
  readonly skip?: number;
}

/** Set in the result of a call that failed. */
const SIGN_BIT = 2 ** 63;
const ALL_BITS = -1;
const NO_FLAGS = new Symbolic(0, "0");

/** Writes a {@link Program}, call by call, in the order in which it will run. */
export class ProgramBuilder {
  readonly #before: Operation[] = [];
  readonly #child: Operation[] = [];
  readonly #names = new Map<string, number>();
  #phase: "before" | "child" = "child";
  #registers = 0;
  #cloneFlags: Symbolic = NO_FLAGS;
  #cgroup: Inherited | undefined;
  #hasChild = true;

  /** Says which flags the child is cloned with, and the cgroup it is born in. */
  clone(flags: Symbolic, cgroup?: Inherited): void {
    this.#cloneFlags = flags;
    this.#cgroup = cgroup;
  }

  /** What follows inside `write` is done by the shim itself, before the clone. */
  beforeClone(write: () => void): void {
    this.#phase = "before";
    write();
    this.#phase = "child";
  }

  /** No child is made: the shim runs what stands in `beforeClone` and ends. */
  withoutChild(): void {
    this.#hasChild = false;
  }

  /** Hands a descriptor of this process to the program. `text` names it in `explain`. */
  inherit(fd: number, text: string, { kept = false } = {}): Inherited {
    return new Inherited(fd, text, kept);
  }

  /** Adds a system call whose result nothing uses. */
  call(name: string, args: readonly Argument[], options: CallOptions): void {
    this.#add({ kind: "syscall", name, args, ...this.#common(args, options) });
  }

  /** Adds a system call and returns the register that will hold its result, named `as` in `explain`. */
  callFor(as: string, name: string, args: readonly Argument[], options: CallOptions): Register {
    if (this.#registers === REGISTERS) throw new RangeError(`a launch program has ${REGISTERS} registers`);
    const result = new Register(this.#registers++, this.#uniqueName(as));
    this.#add({ kind: "syscall", name, args, result, ...this.#common(args, options) });
    return result;
  }

  /** Adds a system call whose result goes into a register that an earlier call made. */
  callInto(result: Register, name: string, args: readonly Argument[], options: CallOptions): void {
    this.#add({ kind: "syscall", name, args, result, ...this.#common(args, options) });
  }

  /** What `write` adds runs only if the call that made `register` failed (and was tolerated). */
  ifMissing(register: Register, whyNot: string, write: () => void): void {
    const list = this.#phase === "before" ? this.#before : this.#child;
    const at = list.length;
    write();
    const skip = list.length - at;
    const check: Operation = {
      kind: "check",
      value: register,
      mask: SIGN_BIT,
      expected: SIGN_BIT,
      errno: "EEXIST",
      subject: register.text,
      why: whyNot,
      tolerate: "any",
      skip,
    };
    list.splice(at, 0, check);
  }

  /** Frees the numbers of all registers made since `mark`, for steps that repeat. */
  reuseRegisters(mark: number): void {
    this.#registers = mark;
  }

  get registerMark(): number {
    return this.#registers;
  }

  /** Adds a check of a value, see {@link CheckOperation}. */
  check(check: {
    readonly value: Argument;
    readonly mask?: number;
    readonly expected: number;
    readonly errno: string;
    readonly subject: string;
    readonly why: string;
    readonly skipOnFailure?: number;
  }): void {
    const { skipOnFailure, ...rest } = check;
    const skip = skipOnFailure === undefined ? {} : { tolerate: "any" as const, skip: skipOnFailure };
    this.#add({ kind: "check", mask: ALL_BITS, ...rest, ...skip });
  }

  /** Adds a store of a register's low 32 bits into a block. */
  store(value: Register, data: Data, offset: number, why: string): void {
    this.#add({ kind: "store", value, data, offset, why });
  }

  /** Adds the fork that leaves a small init behind as the container's first process. */
  becomeInit(why: string): void {
    this.#add({ kind: "init", why });
  }

  build(): Program {
    return {
      before: this.#before,
      child: this.#child,
      cloneFlags: this.#cloneFlags,
      hasChild: this.#hasChild,
      ...(this.#cgroup ? { cgroup: this.#cgroup } : {}),
    };
  }

  #uniqueName(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  }

  #add(operation: Operation): void {
    (this.#phase === "before" ? this.#before : this.#child).push(operation);
  }

  #common(args: readonly Argument[], { subject, ...options }: CallOptions) {
    return { ...options, subject: subject ?? subjectOf(args) };
  }
}

function subjectOf(args: readonly Argument[]): string {
  const named = args.find((arg) => typeof arg === "object" && arg !== null && "text" in arg);
  return named && typeof named === "object" && "text" in named ? named.text : "";
}
