import type { Data } from "./data.ts";

/**
 * A launch program: a container's birth as a list of system calls.
 *
 * It is plain data. The encoder turns it into what the shim executes, `explain` into what a person reads: both walk
 * the same list.
 */
export interface Program {
  /** Calls the shim makes in itself, before it clones the child. */
  readonly before: readonly Operation[];
  /** Calls the child makes, the last of them execve(2). */
  readonly child: readonly Operation[];
  /** Flags of clone(2), for the child. */
  readonly cloneFlags: Symbolic;
  /** The cgroup the child is born in, clone(2) CLONE_INTO_CGROUP. */
  readonly cgroup?: Inherited;
  /** Whether a child is made at all; if not, the shim ends after `before`. */
  readonly hasChild: boolean;
}

/** A descriptor of the engine's that the shim gets, under a number which the encoder assigns. */
export class Inherited {
  readonly fd: number;
  readonly text: string;
  /** Whether the shim keeps it after the birth; others are the child's alone and are closed by execve(2). */
  readonly kept: boolean;

  constructor(fd: number, text: string, kept: boolean) {
    this.fd = fd;
    this.text = text;
    this.kept = kept;
  }
}

/** The result of an earlier operation. */
export class Register {
  readonly index: number;
  readonly text: string;

  constructor(index: number, text: string) {
    this.index = index;
    this.text = text;
  }
}

/** A number with the name it has in the manual. */
export class Symbolic {
  /** A safe integer; a negative one stands for its two's complement in 64 bits. */
  readonly value: number;
  readonly #text: string | (() => string);

  constructor(value: number, text: string | (() => string)) {
    this.value = value;
    this.#text = text;
  }

  get text(): string {
    return typeof this.#text === "string" ? this.#text : this.#text();
  }
}

/** A value read from memory that an earlier call wrote, when this operation runs. */
export class Loaded {
  readonly data: Data;
  readonly offset: number;
  readonly bits: 32 | 64;
  readonly text: string;

  constructor(data: Data, offset: number, bits: 32 | 64, text: string) {
    this.data = data;
    this.offset = offset;
    this.bits = bits;
    this.text = text;
  }
}

/** The address of a place inside a block. */
export class Address {
  readonly data: Data;
  readonly offset: number;

  constructor(data: Data, offset: number) {
    this.data = data;
    this.offset = offset;
  }

  get text(): string {
    return `${this.data.text}+${this.offset}`;
  }
}

export type Argument = number | null | Data | Address | Inherited | Register | Symbolic | Loaded;

interface Common {
  /** Why the call is made: the sentence that `explain` prints beside it. */
  readonly why: string;
  /** Errors by their names in errno(3) that do not end the program, or `"any"`. Two names at most. */
  readonly tolerate?: readonly string[] | "any";
  /** Whether a tolerated failure is told to the engine. */
  readonly report?: boolean;
  /** Operations to pass over after a tolerated failure. */
  readonly skip?: number;
}

export interface SyscallOperation extends Common {
  readonly kind: "syscall";
  /** The call's name, as its man page has it. */
  readonly name: string;
  readonly args: readonly Argument[];
  readonly result?: Register;
  /** What an error message says the call was made on. */
  readonly subject: string;
}

/** Ends the program with `errno` unless `(value & mask) == expected`. */
export interface CheckOperation extends Common {
  readonly kind: "check";
  readonly value: Argument;
  /** Safe integers or powers of two; a negative one stands for its two's complement in 64 bits. */
  readonly mask: number;
  readonly expected: number;
  readonly errno: string;
  readonly subject: string;
}

/** Writes a register's low 32 bits into memory, for a call that takes a descriptor inside a struct. */
export interface StoreOperation extends Common {
  readonly kind: "store";
  readonly value: Register;
  readonly data: Data;
  readonly offset: number;
}

/** Forks: the caller stays as the container's init, the rest of the program goes on in its child. */
export interface InitOperation extends Common {
  readonly kind: "init";
}

export type Operation = SyscallOperation | CheckOperation | StoreOperation | InitOperation;

/** Registers a program has; ffi/shim/program.h. */
export const REGISTERS = 256;
