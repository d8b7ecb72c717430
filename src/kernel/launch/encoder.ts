import { errnoNumber } from "../../../ffi/errno.ts";
import { syscallNumber } from "../../../ffi/abi/syscalls.ts";
import { struct } from "../../../ffi/struct.ts";
import { Data } from "./data.ts";
import {
  Address,
  type Argument,
  Inherited,
  type Operation,
  type Program,
  Register,
  Symbolic,
} from "./program.ts";

/** struct header of ffi/shim/program.h. */
export const HEADER = struct({
  magic: "u32",
  size: "u32",
  operations: "u32",
  before_count: "u32",
  child_count: "u32",
  flags: "u32",
  relocations: "u32",
  relocation_count: "u32",
  clone_flags: "u64",
  cgroup_fd: "i32",
  report_fd: "i32",
  stdin_fd: "i32",
  stdout_fd: "i32",
  stderr_fd: "i32",
  pty_fd: "i32",
  listen_fd: "i32",
  client_fd: "i32",
  log_dir_fd: "i32",
  run_dir_fd: "i32",
  child_fds: "i32",
  log_files: "u32",
  log_bytes: "u64",
  exit_step: "u32",
  exit_step_size: "u32",
});

/** struct operation of ffi/shim/program.h. */
export const OPERATION = struct({
  kind: "u16",
  destination: "u16",
  number: "u32",
  mode: "bytes6",
  tolerate0: "u16",
  tolerate1: "u16",
  report: "u8",
  skip: "u8",
  pad: "bytes4",
  args: "bytes48",
});

const MAGIC = 0x314d444d;
const NO_REGISTER = 0xffff;
const ANY_ERRNO = 0xffff;
/** Descriptors 0–2 are /dev/null, 3 is the program. */
export const FIRST_INHERITED_FD = 4;

const INITIAL_SIZE = 48 * 1024;
/** UTF-8 bytes that one UTF-16 unit can take. */
const UTF8_BYTES_MAX = 3;
const utf8 = new TextEncoder();

const Kind = { syscall: 0, check: 1, store: 2, init: 3 } as const;
const Mode = { value: 0, pointer: 1, register: 2, load32: 3, load64: 4 } as const;
const Flag = { tty: 1, stdinOnce: 2, noChild: 4 } as const;

/** What the shim does after the birth: which descriptors it holds, and for what. */
export interface Supervision {
  readonly report: Inherited;
  readonly stdin?: Inherited;
  readonly stdout?: Inherited;
  readonly stderr?: Inherited;
  /** The child sends its pty's master over this socket; the shim then copies from and, with `ptyInput`, to it. */
  readonly pty?: Inherited;
  readonly ptyInput?: boolean;
  readonly stdinOnce?: boolean;
  /** A listening socket for attach clients. */
  readonly listen?: Inherited;
  /** The client that is attached from the start. */
  readonly client?: Inherited;
  /** The folder of the log files. */
  readonly logDirectory?: Inherited;
  readonly logMaxBytes?: number;
  readonly logMaxFiles?: number;
  /** The folder where the files `monitor` and `exit` are kept. */
  readonly runDirectory?: Inherited;
  /** argv of what runs after the end, argv[0] being an absolute path; at most 3,000 bytes and 16 words. */
  readonly exitStep?: readonly string[];
}

export interface EncodedProgram {
  readonly bytes: Uint8Array;
  /** What the shim's descriptors 4, 5, … are, in order, as descriptors of this process. */
  readonly inherited: readonly Inherited[];
}

/** Lays a program out in the form that the shim runs. */
export function encodeProgram(program: Program, supervision: Supervision): EncodedProgram {
  return new Encoder(program, supervision).encode();
}

class Encoder {
  readonly #program: Program;
  readonly #supervision: Supervision;
  readonly #operations: readonly Operation[];
  readonly #inherited: Inherited[];
  readonly #offsets = new Map<Data, number>();
  /** Strings that occur again share one place. */
  readonly #strings = new Map<string, number>();
  readonly #relocations: number[] = [];
  #bytes = new Uint8Array(INITIAL_SIZE);
  #view = new DataView(this.#bytes.buffer);
  #end: number;

  constructor(program: Program, supervision: Supervision) {
    this.#program = program;
    this.#supervision = supervision;
    this.#operations = [...program.before, ...program.child];
    this.#inherited = inheritedDescriptors(program, supervision);
    this.#end = HEADER.size + this.#operations.length * OPERATION.size;
    this.#reserve(0);
  }

  encode(): EncodedProgram {
    let at = HEADER.size;
    for (const operation of this.#operations) {
      this.#putOperation(operation, at);
      at += OPERATION.size;
    }
    const { exitStep = [] } = this.#supervision;
    const exitText = exitStep.length ? `${exitStep.join("\0")}\0` : "";
    const exitOffset = exitText ? this.#placeString(exitText) : 0;
    const exitSize = exitText ? this.#end - exitOffset : 0;
    const relocations = align(this.#end, 4);
    const size = relocations + this.#relocations.length * 4;
    this.#reserve(size - this.#end);
    for (const [index, offset] of this.#relocations.entries()) {
      this.#view.setUint32(relocations + index * 4, offset, true);
    }
    this.#bytes.set(this.#header({ size, relocations, exitOffset, exitSize }));
    return { bytes: this.#bytes.subarray(0, size), inherited: this.#inherited };
  }

  #header(place: { size: number; relocations: number; exitOffset: number; exitSize: number }): Uint8Array {
    const { before, child, cloneFlags, hasChild, cgroup } = this.#program;
    const s = this.#supervision;
    const flags = (s.pty ? Flag.tty : 0) | (s.stdinOnce ? Flag.stdinOnce : 0) | (hasChild ? 0 : Flag.noChild);
    return HEADER.encode({
      magic: MAGIC,
      size: place.size,
      operations: HEADER.size,
      before_count: before.length,
      child_count: child.length,
      flags,
      relocations: place.relocations,
      relocation_count: this.#relocations.length,
      clone_flags: BigInt(cloneFlags.value),
      cgroup_fd: this.#number(cgroup),
      report_fd: this.#number(s.report),
      stdin_fd: s.pty ? (s.ptyInput ? -2 : -1) : this.#number(s.stdin),
      stdout_fd: this.#number(s.stdout),
      stderr_fd: this.#number(s.stderr),
      pty_fd: this.#number(s.pty),
      listen_fd: this.#number(s.listen),
      client_fd: this.#number(s.client),
      log_dir_fd: this.#number(s.logDirectory),
      run_dir_fd: this.#number(s.runDirectory),
      child_fds: FIRST_INHERITED_FD + this.#inherited.filter((fd) => fd.kept).length,
      log_files: s.logMaxFiles ?? 1,
      log_bytes: BigInt(s.logMaxBytes ?? 0),
      exit_step: place.exitOffset,
      exit_step_size: place.exitSize,
    });
  }

  #putOperation(operation: Operation, at: number): void {
    const { tolerate = [] } = operation;
    if (tolerate.length > 2 && tolerate !== "any")
      throw new RangeError("an operation tolerates two errors at most");
    const [first, second] = tolerate === "any" ? [ANY_ERRNO] : tolerate.map(errnoNumber);
    const destination = operation.kind === "syscall" ? operation.result?.index : undefined;
    const number = operation.kind === "syscall" ? syscallNumber(operation.name) : 0;
    const args = argumentsOf(operation);
    if (args.length > 6) throw new RangeError("a system call takes six arguments at most");
    const { offsets } = OPERATION;
    // Placing an argument's data may move the bytes: the view is fetched anew for every write.
    for (let index = 0; index < args.length; index++) this.#putArgument(args[index]!, at, index);
    const view = this.#view;
    view.setUint16(at + offsets.kind, Kind[operation.kind], true);
    view.setUint16(at + offsets.destination, destination ?? NO_REGISTER, true);
    view.setUint32(at + offsets.number, number, true);
    view.setUint16(at + offsets.tolerate0, first ?? 0, true);
    view.setUint16(at + offsets.tolerate1, second ?? 0, true);
    view.setUint8(at + offsets.report, operation.report ? 1 : 0);
    view.setUint8(at + offsets.skip, operation.skip ?? 0);
  }

  #putArgument(argument: Argument, at: number, index: number): void {
    if (argument === null) return;
    const [mode, value] = this.#argument(argument);
    this.#view.setUint8(at + OPERATION.offsets.mode + index, mode);
    this.#put64(at + OPERATION.offsets.args + index * 8, value);
  }

  /** Two's complement in 64 bits, without BigInt: this runs a thousand times in code that is not warm. */
  #put64(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  #argument(argument: Exclude<Argument, null>): [mode: number, value: number] {
    if (typeof argument === "number") return [Mode.value, argument];
    if (argument instanceof Symbolic) return [Mode.value, argument.value];
    if (argument instanceof Register) return [Mode.register, argument.index];
    if (argument instanceof Data) return [Mode.pointer, this.#place(argument)];
    if (argument instanceof Inherited) return [Mode.value, this.#number(argument)];
    if (argument instanceof Address) return [Mode.pointer, this.#place(argument.data) + argument.offset];
    const mode = argument.bits === 64 ? Mode.load64 : Mode.load32;
    return [mode, this.#place(argument.data) + argument.offset];
  }

  #place(data: Data): number {
    const placed = this.#offsets.get(data);
    if (placed !== undefined) return placed;
    const { content } = data;
    const offset = typeof content === "string" ? this.#placeString(content) : this.#placeBytes(content);
    this.#offsets.set(data, offset);
    for (const pointer of data.pointers) {
      const target = this.#place(pointer.target);
      this.#view.setUint32(offset + pointer.offset, target, true);
      this.#relocations.push(offset + pointer.offset);
    }
    return offset;
  }

  #placeBytes(content: Uint8Array): number {
    const offset = align(this.#end, 8);
    this.#end = offset;
    this.#reserve(content.length);
    this.#bytes.set(content, offset);
    this.#end += content.length;
    return offset;
  }

  /** Places a string and the zero that ends it. */
  #placeString(content: string): number {
    const placed = this.#strings.get(content);
    if (placed !== undefined) return placed;
    const offset = this.#end;
    this.#reserve(content.length * UTF8_BYTES_MAX + 1);
    const { written } = utf8.encodeInto(content, this.#bytes.subarray(offset));
    this.#end += written + 1;
    this.#strings.set(content, offset);
    return offset;
  }

  /** Makes sure of room behind the end. What is there is zero. */
  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#end + size) * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #number(descriptor: Inherited | undefined): number {
    if (!descriptor) return -1;
    const index = this.#inherited.indexOf(descriptor);
    if (index < 0) throw new Error(`descriptor ${descriptor.text} is not part of the program`);
    return FIRST_INHERITED_FD + index;
  }
}

function argumentsOf(operation: Operation): readonly Argument[] {
  switch (operation.kind) {
    case "syscall":
      return operation.args;
    case "check":
      return [operation.value, operation.mask, operation.expected, errnoNumber(operation.errno)];
    case "store":
      return [operation.value, new Address(operation.data, operation.offset)];
    case "init":
      return [];
  }
}

/** The descriptors a program and its supervision name, those the shim keeps first. */
function inheritedDescriptors(program: Program, supervision: Supervision): Inherited[] {
  const found = new Set<Inherited>();
  for (const value of Object.values(supervision)) if (value instanceof Inherited) found.add(value);
  if (program.cgroup) found.add(program.cgroup);
  for (const operation of [...program.before, ...program.child]) {
    for (const argument of argumentsOf(operation)) if (argument instanceof Inherited) found.add(argument);
  }
  return [...found].sort((a, b) => Number(b.kept) - Number(a.kept));
}

function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}
