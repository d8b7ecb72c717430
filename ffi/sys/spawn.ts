/** Starting a program that this process holds in memory: memfd_create(2) and posix_spawn(3). */
import { ptr } from "bun:ffi";
import { OwnedFd } from "../fd.ts";
import { bind, readErrno } from "../libc.ts";
import { ret } from "../ret.ts";
import { SyscallError } from "../syscall-error.ts";

const libc = bind({
  memfd_create: { args: ["cstring", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  posix_spawn: { args: ["ptr", "cstring", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  posix_spawn_file_actions_init: { args: ["ptr"], returns: "i32" },
  posix_spawn_file_actions_adddup2: { args: ["ptr", "i32", "i32"], returns: "i32" },
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_setflags: { args: ["ptr", "i16"], returns: "i32" },
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawnattr_setsigmask: { args: ["ptr", "ptr"], returns: "i32" },
});

const EINVAL = 22;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const F_DUPFD_CLOEXEC = 1030;
const F_ADD_SEALS = 1033;
const SEAL_EVERYTHING = 0x1 | 0x2 | 0x4 | 0x8; // further seals, shrinking, growing, writing
const SPAWN_SETSIGDEF = 0x04;
const SPAWN_SETSIGMASK = 0x08;
/** Room for the opaque structs of spawn.h: glibc's largest has 336 bytes, musl's the same. */
const SPAWN_STRUCT_SIZE = 512;
const SIGSET_SIZE = 128;

/**
 * Makes an anonymous file in memory. `executable` asks for one that vm.memfd_noexec does not forbid.
 *
 * @see memfd_create(2)
 */
export function memfdCreate(name: string, { executable = false } = {}): OwnedFd {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  if (executable) {
    const fd = libc.memfd_create(name, flags | MFD_EXEC);
    if (fd >= 0) return new OwnedFd(fd);
    const errno = readErrno();
    if (errno !== EINVAL) throw new SyscallError("memfd_create", errno, name); // Linux before 6.3 has no MFD_EXEC.
  }
  return new OwnedFd(ret("memfd_create", name, () => libc.memfd_create(name, flags)));
}

/** Forbids every further change of a memfd's bytes and size, for good. @see fcntl(2) "File Sealing" */
export function seal(fd: number): void {
  ret("fcntl", `F_ADD_SEALS of fd ${fd}`, () => libc.fcntl(fd, F_ADD_SEALS, SEAL_EVERYTHING));
}

/** Duplicates a descriptor to a number not below `lowest`, close-on-exec. @see fcntl(2) F_DUPFD_CLOEXEC */
export function duplicateAbove(fd: number, lowest: number): OwnedFd {
  return new OwnedFd(ret("fcntl", `F_DUPFD of fd ${fd}`, () => libc.fcntl(fd, F_DUPFD_CLOEXEC, lowest)));
}

export interface SpawnOptions {
  readonly argv: readonly string[];
  /** `NAME=value` pairs. */
  readonly environment: readonly string[];
  /** Descriptor `source` of this process becomes `target` of the child; everything else close-on-exec is closed. */
  readonly descriptors: readonly { readonly source: number; readonly target: number }[];
}

/**
 * Starts a program, with default signal dispositions and an empty signal mask.
 *
 * A source's number must not be another's target. libc does this with a child that shares this process's memory until
 * execve(2), so neither a copy of its page tables nor its threads matter.
 *
 * @returns the child's pid, which the caller reaps
 * @throws {SyscallError} named execve when the program cannot be executed.
 * @see posix_spawn(3)
 */
export function posixSpawn(path: string, { argv, environment, descriptors }: SpawnOptions): number {
  const actions = new Uint8Array(SPAWN_STRUCT_SIZE);
  const attributes = new Uint8Array(SPAWN_STRUCT_SIZE);
  libc.posix_spawn_file_actions_init(actions);
  for (const { source, target } of descriptors)
    libc.posix_spawn_file_actions_adddup2(actions, source, target);
  libc.posix_spawnattr_init(attributes);
  libc.posix_spawnattr_setsigdefault(attributes, new Uint8Array(SIGSET_SIZE).fill(0xff));
  libc.posix_spawnattr_setsigmask(attributes, new Uint8Array(SIGSET_SIZE));
  libc.posix_spawnattr_setflags(attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK);
  const argvBlock = pointerVector(argv);
  const environmentBlock = pointerVector(environment);
  const pid = new Int32Array(1);
  const errno = libc.posix_spawn(pid, path, actions, attributes, argvBlock.vector, environmentBlock.vector);
  if (errno !== 0) throw new SyscallError("execve", errno, path);
  return pid[0]!;
}

function pointerVector(values: readonly string[]): { vector: BigUint64Array; strings: Uint8Array[] } {
  const strings = values.map((value) => new TextEncoder().encode(`${value}\0`));
  const vector = new BigUint64Array(values.length + 1);
  strings.forEach((string, index) => {
    vector[index] = BigInt(ptr(string));
  });
  return { vector, strings };
}

/** Waits for a child to end, and reaps it. @returns its wait status, wait(2) @see waitpid(2) */
export function waitPid(pid: number): number {
  const status = new Int32Array(1);
  ret("waitpid", `pid ${pid}`, () => libc.waitpid(pid, status, 0));
  return status[0]!;
}
