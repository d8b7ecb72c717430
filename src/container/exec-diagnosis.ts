/**
 * Why a command did not start, in words that name the cause.
 *
 * execve(2) says ENOENT for a missing file, a missing `#!` interpreter and a missing ELF loader alike, EACCES
 * for a mode and for a noexec mount, and ENOEXEC for a script without `#!` and for another machine's program.
 */
import { join } from "node:path";
import { ProcessStartError } from "../errors.ts";
import { elfNames, parseElf } from "./elf.ts";
import { type ImagePath, statImagePath } from "./image-files.ts";

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** The kernel's BINPRM_BUF_SIZE: a `#!` line is cut there. */
const SHEBANG_BYTES_MAX = 256;

export interface ExecFacts {
  /** The command as it was given: `foo`, `/bin/foo`. */
  readonly command: string;
  /** Whether it was searched for in PATH. */
  readonly searched: boolean;
  /** The errno's name: what execve said in the end. */
  readonly code: string;
  /** The path that this is about: the first in PATH that exists, else the command. */
  readonly path: string;
  /** What is at the path; `undefined` when nothing is. */
  readonly file: ImagePath | undefined;
  /** Whether a path of the container exists. */
  readonly exists: (path: string) => boolean;
  /** The machine's architecture in ELF terms, `x86-64` or `aarch64`. */
  readonly machine: string;
  /** Whether the path is known to lie on a mount with noexec. */
  readonly noexec?: boolean;
}

export interface CollectOptions {
  readonly command: string;
  readonly code: string;
  /** The container's PATH, and the folder that relative paths start from. */
  readonly searchPath: string;
  readonly workingDir: string;
  /** The layer folders, top first, the upper included. */
  readonly layers: readonly string[];
  /** What is mounted over them, in any order. */
  readonly mounts?: readonly MountFacts[];
}

/** What the search for a reason needs to know of a mount. */
export interface MountFacts {
  readonly target: string;
  /** Where its files can be looked at, if anywhere. */
  readonly source?: string;
  readonly noexec: boolean;
}

/**
 * The paths that a command stands for, in the order they are tried. A name without a slash is searched for in
 * PATH.
 */
export function commandCandidates(command: string, searchPath: string, workingDir: string): string[] {
  const absolute = (path: string) => (path.startsWith("/") ? path : `${workingDir}/${path}`);
  if (command.includes("/")) return [absolute(command)];
  return searchPath.split(":").map((folder) => absolute(`${folder || "."}/${command}`));
}

/** Gathers what {@link diagnoseExec} wants to know, from the layers of a container that did not start. */
export function collectExecFacts(options: CollectOptions): ExecFacts {
  const { command, code, searchPath, workingDir, mounts = [] } = options;
  const candidates = commandCandidates(command, searchPath, workingDir);
  const stat = (path: string) => statMounted(options.layers, mounts, path);
  const paths = candidates.map((path) => ({ path, file: stat(path) }));
  const { path, file } = paths.find(({ file }) => file !== undefined) ?? { path: command, file: undefined };
  return {
    command,
    code,
    searched: !command.includes("/"),
    path,
    file,
    exists: (path) => stat(path) !== undefined,
    machine: process.arch === "arm64" ? "aarch64" : "x86-64",
    noexec: mountOf(mounts, path)?.noexec ?? false,
  };
}

/** The mount that a path lies on: the deepest above it. */
function mountOf(mounts: readonly MountFacts[], path: string): MountFacts | undefined {
  const above = mounts.filter(({ target }) => path === target || path.startsWith(`${target}/`));
  return above.toSorted((a, b) => b.target.length - a.target.length)[0];
}

function statMounted(
  layers: readonly string[],
  mounts: readonly MountFacts[],
  path: string,
): ImagePath | undefined {
  const mount = mountOf(mounts, path);
  if (mount?.source === undefined) return statImagePath(layers, path);
  const whole = join(mount.source, path.slice(mount.target.length));
  return statImagePath(["/"], whole);
}

/**
 * The error for a command that execve(2) refused. Pure. Docker's words begin it, the cause and a hint follow.
 */
export function diagnoseExec(facts: ExecFacts): ProcessStartError {
  const { file, code, path } = facts;
  if (facts.command === "") {
    return failure(NOT_FOUND, "no command specified", "Give a command after the image's name");
  }
  if (file === undefined || (facts.searched && file.type === "directory")) return missing(facts);
  if (file.type === "directory") return failure(NOT_EXECUTABLE, `exec: "${path}": is a directory`);
  if (file.type !== "file")
    return failure(NOT_EXECUTABLE, `exec: "${path}": permission denied: not a regular file`);
  if (code === "EACCES" || code === "EPERM") return denied(facts, file);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ELIBBAD") return missingInterpreter(facts, file);
  if (code === "ENOEXEC") return wrongFormat(facts, file);
  const words: Record<string, string> = {
    ETXTBSY: "text file busy: it is open for writing",
    E2BIG: "argument list too long: the arguments and the environment are more than the kernel takes",
    ELOOP: "too many levels of symbolic links or of #! interpreters",
    ENOMEM: "cannot allocate memory: the memory limit may be too low to start a program",
  };
  return failure(NOT_EXECUTABLE, `exec: "${path}": ${words[code] ?? code}`);
}

function failure(exitCode: 126 | 127, state: string, hint?: string): ProcessStartError {
  return new ProcessStartError(`Cannot start the container's process: ${state}`, { exitCode, hint });
}

function missing({ command, searched, file, code }: ExecFacts): ProcessStartError {
  if (searched) {
    const hint = "Check the spelling and the image's PATH, or give the command's full path";
    return failure(NOT_FOUND, `exec: "${command}": executable file not found in $PATH`, hint);
  }
  if (file === undefined && code === "EACCES") {
    const hint = "A folder on the way cannot be searched by the container's user";
    return failure(NOT_EXECUTABLE, `exec: "${command}": permission denied`, hint);
  }
  if (code === "ELOOP") {
    return failure(NOT_FOUND, `exec: "${command}": stat ${command}: too many levels of symbolic links`);
  }
  return failure(NOT_FOUND, `exec: "${command}": stat ${command}: no such file or directory`);
}

function denied({ path, noexec, exists }: ExecFacts, file: ImagePath): ProcessStartError {
  const state = `exec: "${path}": permission denied`;
  if ((file.mode & 0o111) === 0) {
    const mode = file.mode.toString(8).padStart(4, "0");
    const hint = `Make it executable in the image: chmod +x ${path}`;
    return failure(NOT_EXECUTABLE, `${state}: no execute bit in mode ${mode}`, hint);
  }
  if (noexec) {
    const hint = "Mount it without noexec, or keep the program elsewhere";
    return failure(NOT_EXECUTABLE, `${state}: it lies on a mount with noexec`, hint);
  }
  const interpreter = shebang(file.head)?.interpreter;
  if (interpreter !== undefined && exists(interpreter)) {
    const hint = `Check the modes of ${path} and of its interpreter ${interpreter}, and the container's user`;
    return failure(NOT_EXECUTABLE, state, hint);
  }
  const mode = file.mode.toString(8).padStart(4, "0");
  const hint = `Its mode is ${mode}, its owner ${file.uid}:${file.gid}: check the container's user (--user)`;
  return failure(NOT_EXECUTABLE, state, hint);
}

function missingInterpreter({ path, exists }: ExecFacts, file: ImagePath): ProcessStartError {
  const script = shebang(file.head);
  if (script !== undefined) {
    const { interpreter } = script;
    if (interpreter.endsWith("\r") || script.argument.endsWith("\r")) {
      const hint = `The script has Windows line ends: convert it, with sed -i 's/\\r$//' ${path}`;
      const shown = interpreter.replace("\r", "\\r");
      return failure(
        NOT_FOUND,
        `exec ${path}: no such file or directory: its interpreter is "${shown}"`,
        hint,
      );
    }
    if (!exists(interpreter)) {
      const hint = `The image lacks ${interpreter}: install it, or change the script's first line`;
      return failure(
        NOT_FOUND,
        `exec ${path}: no such file or directory: no interpreter ${interpreter}`,
        hint,
      );
    }
    const hint = `Its interpreter ${interpreter} is there, but what that needs to run itself is not`;
    return failure(NOT_FOUND, `exec ${path}: no such file or directory`, hint);
  }
  const loader = parseElf(file.head)?.interpreter;
  if (loader !== undefined && !exists(loader)) {
    const kind = loader.includes("musl") ? "musl" : "glibc";
    const hint = `It was built for another C library (${kind}): use an image with that, or a static build`;
    return failure(NOT_FOUND, `exec ${path}: no such file or directory: no ELF loader ${loader}`, hint);
  }
  return failure(NOT_FOUND, `exec ${path}: no such file or directory`);
}

function wrongFormat({ path, machine }: ExecFacts, file: ImagePath): ProcessStartError {
  const state = `exec ${path}: exec format error`;
  if (file.sizeBytes === 0) return failure(NOT_EXECUTABLE, `${state}: the file is empty`);
  const elf = parseElf(file.head);
  if (elf !== undefined && (elf.machine !== machine || elf.bits !== 64)) {
    const hint = `Use an image for this machine (--platform), or register an emulator with binfmt_misc`;
    return failure(
      NOT_EXECUTABLE,
      `${state}: a program for ${elfNames(elf)}, on a machine that is ${machine}`,
      hint,
    );
  }
  if (elf !== undefined) return failure(NOT_EXECUTABLE, `${state}: not a program, or a damaged one`);
  if (isText(file.head)) {
    const hint = `Begin the script with a line like #!/bin/sh, or run it as: sh ${path}`;
    return failure(NOT_EXECUTABLE, `${state}: a script without #! in its first line`, hint);
  }
  return failure(NOT_EXECUTABLE, `${state}: neither an ELF program nor a script`);
}

/** A script's interpreter and argument, as the kernel reads its first line. */
function shebang(head: Uint8Array): { readonly interpreter: string; readonly argument: string } | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const line = new TextDecoder().decode(head.subarray(2, SHEBANG_BYTES_MAX)).split("\n", 1)[0] ?? "";
  const match = /^[ \t]*([^ \t]*)[ \t]*(.*)$/.exec(line.replace(/[ \t]+$/, ""));
  return match ? { interpreter: match[1] ?? "", argument: match[2] ?? "" } : undefined;
}

function isText(head: Uint8Array): boolean {
  return !head.subarray(0, SHEBANG_BYTES_MAX).includes(0);
}
