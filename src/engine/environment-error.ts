import { EngineError, PermissionError, UnavailableError } from "../errors.ts";

/** What errnos of files mean to the user; any other is a fault of the engine's own. */
const FILE_STATES: Readonly<Record<string, readonly [state: string, hint: string]>> = {
  ENOSPC: [
    "no space left on its file system",
    "Make room there, or choose another with --root and --run-root",
  ],
  EDQUOT: ["the disk quota is used up", "Make room there, or choose another with --root and --run-root"],
  EROFS: ["its file system is read-only", "Choose another place with --root and --run-root"],
  ENOTDIR: ["a part of the path is no folder", "Check --root and --run-root"],
  EACCES: ["permission denied", "Check the modes on the way there"],
  EPERM: [
    "operation not permitted",
    "Check the file's attributes, and the rights that mini-docker runs with",
  ],
  EMFILE: ["too many open files", "Raise the limit: ulimit -n"],
  ENFILE: ["too many open files on this machine", "Raise /proc/sys/fs/file-max"],
  EIO: ["the disk reports an error", "See the kernel's log: dmesg"],
};

const DATABASE_STATES: readonly (readonly [code: RegExp, state: string, hint: string])[] = [
  [/^SQLITE_(FULL|IOERR_WRITE)/, "no space left on its file system", "Make room in the data root"],
  [/^SQLITE_READONLY/, "it is read-only", "Check the data root's file system and modes"],
  [/^SQLITE_CANTOPEN/, "it cannot be opened", "Check the data root's modes, and the space in it"],
  [/^SQLITE_BUSY/, "other commands keep it busy", "Try again"],
  [/^SQLITE_(CORRUPT|NOTADB)/, "it is damaged", "Move db.sqlite in the data root away, or restore it"],
  [/^SQLITE_IOERR/, "its file system reports an error", "See the kernel's log: dmesg"],
];

/** Turns what the machine's state made fail, a full disk before all, into an error with a remedy. */
export function explainEnvironmentError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof EngineError) return error;
  const { code, path, syscall } = error as { code?: unknown; path?: unknown; syscall?: unknown };
  if (typeof code !== "string") return error;
  const database = DATABASE_STATES.find(([pattern]) => pattern.test(code));
  if (database) {
    const [, state, hint] = database;
    return new UnavailableError(`Cannot use the engine's database: ${state}`, { cause: error, hint });
  }
  const file = FILE_STATES[code];
  if (!file || typeof syscall !== "string") return error;
  const [state, hint] = file;
  const message = `Cannot ${syscall} ${typeof path === "string" ? `"${path}"` : "a file"}: ${state}`;
  const kind = code === "EACCES" || code === "EPERM" ? PermissionError : UnavailableError;
  return new kind(message, { cause: error, hint });
}
