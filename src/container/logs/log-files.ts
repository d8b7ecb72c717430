import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";

/** More than any sensible `max-file`: names are tried up to here or the first that is missing. */
const ROTATIONS_MAX = 1000;

/** How often a look is repeated when a rotation came in between. */
const ATTEMPTS_MAX = 100;

/** One file of the log, open: it stays readable when it is renamed or removed. */
export class LogFile implements Disposable {
  readonly fd: number;
  readonly inode: number;
  /** When it was opened. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** How far it was read. */
  position = 0;

  constructor(fd: number) {
    const { ino, size, mtimeMs } = fstatSync(fd);
    this.fd = fd;
    this.inode = ino;
    this.sizeBytes = size;
    this.modifiedMs = mtimeMs;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/**
 * Opens every file of the log, oldest first: `PATH.2`, `PATH.1`, `PATH`.
 *
 * They are opened from the newest on: a rotation meanwhile shows a file twice, which is seen, and never hides
 * one.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let rotation = 0; rotation < ROTATIONS_MAX; rotation++) {
    const file = openLogFile(nameOf(path, rotation));
    if (file === undefined) {
      if (rotation === 0) continue; // Between a rotation and the next write the newest does not exist.
      break;
    }
    if (files.some(({ inode }) => inode === file.inode)) file[Symbol.dispose]();
    else files.push(file);
  }
  return files.reverse();
}

/**
 * Opens the file that follows `current`, if it was rotated away: what the shim wrote next.
 *
 * @param current `undefined`: the oldest there is
 */
export function openNextLogFile(path: string, current: LogFile | undefined): LogFile | undefined {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const inodes: number[] = [];
    let next: number | undefined;
    for (let rotation = 0; rotation < ROTATIONS_MAX; rotation++) {
      const inode = inodeOf(nameOf(path, rotation));
      if (inode === undefined && rotation > 0) break;
      if (inode !== undefined && inode === current?.inode) {
        next = rotation - 1;
        break;
      }
      inodes.push(inode ?? 0);
    }
    next ??= inodes.findLastIndex((inode) => inode !== 0); // `current` is gone: go on with the oldest.
    if (next < 0 || !inodes[next]) return undefined;
    const file = openLogFile(nameOf(path, next));
    if (file?.inode === inodes[next]) return file;
    file?.[Symbol.dispose]();
  }
  return undefined;
}

function nameOf(path: string, rotation: number): string {
  return rotation === 0 ? path : `${path}.${rotation}`;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function openLogFile(path: string): LogFile | undefined {
  try {
    return new LogFile(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}
