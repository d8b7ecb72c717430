/**
 * Writes one layer's archive into a folder of its own, to be a lower layer of an overlay.
 *
 * The folder starts empty, and nothing outside it is ever named: paths are cleaned first, and `Directory` takes them
 * inside the folder whatever links the archive has made. Whiteouts become what overlayfs knows: a character device
 * 0:0, and the attribute `trusted.overlay.opaque` on a folder.
 *
 * @see image-spec layer.md; Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"
 */
import type { TarEntry, TarTime } from "../archive/entry.ts";
import { printable } from "../archive/tar-error.ts";
import type { TarSink } from "../archive/tar-reader.ts";
import { EngineError, InvalidDataError } from "../errors.ts";
import type { Directory } from "../kernel/directory.ts";
import type { NewFile } from "../kernel/new-file.ts";
import { failureCode } from "../kernel/syscall-failure.ts";
import { LayerFolders, isWhiteout, markOpaque } from "./layer-folders.ts";
import { joinPath, type LayerPath, parseLayerPath, splitLast, splitPath } from "./layer-path.ts";
import { setXattrs } from "./layer-xattrs.ts";
import { meaningOf } from "./whiteout.ts";

/** Owner's access alone while a file is being made. */
const UNFINISHED_MODE = 0o600;

/** Says that the disk is full, not that the archive is wrong: the caller knows what to do about it. */
const DISK_FULL = ["ENOSPC", "EDQUOT"];

/** Takes a tar reader's calls. {@link finish} is to be called after the last one; {@link Symbol.dispose} always. */
export class LayerWriter implements TarSink, Disposable {
  readonly #layer: Directory;
  readonly #folders: LayerFolders;
  /** When folders were changed, by their path as Latin-1: set last, for each new file changes its folder's. */
  readonly #folderTimes = new Map<string, TarTime>();
  #entry: TarEntry | undefined;
  #file: NewFile | undefined;
  #sizeBytes = 0;

  /** @param layer the layer's empty folder; it stays the caller's */
  constructor(layer: Directory) {
    this.#layer = layer;
    this.#folders = new LayerFolders(layer);
  }

  /** The content of all files, in bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  begin(entry: TarEntry): void {
    this.#entry = entry;
    this.#guard(() => this.#begin(entry));
  }

  content(bytes: Uint8Array): void {
    this.#guard(() => this.#file?.write(bytes));
  }

  end(): void {
    this.#guard(() => {
      using file = this.#file;
      this.#file = undefined;
      if (file === undefined) return;
      const entry = this.#entry!;
      file.chown(entry.uid, entry.gid); // Before the mode and the capabilities, which it clears.
      file.chmod(entry.mode);
      setXattrs(entry.xattrs, (name, value) => file.setXattr(name, value));
      file.setTimes(entry.modifiedAt);
    });
  }

  /**
   * Sets the folders' times.
   *
   * @returns the folders that files are in but that the archive does not list, as bytes, the outer ones first
   */
  finish(): readonly LayerPath[] {
    for (const [key, time] of this.#folderTimes) {
      const path = Buffer.from(key, "latin1");
      // A later entry may have put something else in its place.
      if (this.#layer.statIfExists(path)?.type === "directory") this.#layer.setTimes(path, time);
    }
    return this.#folders.implicit();
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  #begin(entry: TarEntry): void {
    const path = parseLayerPath(entry.path);
    const meaning = meaningOf(path);
    const { parent } = splitLast(path);
    if (meaning.kind === "entry") this.#make(entry, path);
    else if (meaning.kind === "opaque") markOpaque(this.#layer, this.#folders.ensure(parent));
    else if (meaning.kind === "whiteout") this.#whiteout(joinPath([...splitPath(parent), meaning.name]));
  }

  #make(entry: TarEntry, path: LayerPath): void {
    if (path.length === 0 && entry.type !== "directory")
      refuse(entry, "the layer's root is not a folder there");
    switch (entry.type) {
      case "directory":
        this.#makeFolder(entry, path);
        break;
      case "file":
        this.#sizeBytes += entry.sizeBytes;
        this.#create(path, () => {
          this.#file = this.#layer.createFile(path, UNFINISHED_MODE);
        });
        break;
      case "hardlink":
        this.#makeHardLink(entry, path);
        break;
      case "symlink":
        this.#create(path, () => this.#layer.symlink(entry.linkPath, path));
        this.#setAttributes(entry, path);
        break;
      default:
        this.#makeNode(entry, path);
        this.#setAttributes(entry, path);
    }
  }

  #makeFolder(entry: TarEntry, path: LayerPath): void {
    this.#folders.make(path);
    this.#setAttributes(entry, path);
    this.#folderTimes.set(keyOf(path), entry.modifiedAt);
  }

  /** The link shares the file's attributes, which came with its first name. */
  #makeHardLink(entry: TarEntry, path: LayerPath): void {
    const target = parseLayerPath(entry.linkPath);
    const existing = target.length === 0 ? undefined : this.#layer.statIfExists(target);
    const shown = printable(entry.linkPath);
    if (existing === undefined) refuse(entry, `its hard link's target "${shown}" is not in the layer`);
    if (existing.type === "directory" || isWhiteout(existing)) {
      refuse(entry, `its hard link's target "${shown}" is not a file`);
    }
    if (Buffer.compare(target, path) === 0) return; // It is there under that name.
    this.#create(path, () => this.#layer.link(target, path));
  }

  #makeNode(entry: TarEntry, path: LayerPath): void {
    const { type, deviceMajor: major, deviceMinor: minor } = entry;
    if (type !== "character" && type !== "block" && type !== "fifo") throw new Error(`no node is a ${type}`);
    if (type === "character" && major === 0 && minor === 0) {
      refuse(entry, "a character device 0:0 would hide files of the layers below");
    }
    this.#create(path, () => this.#layer.mknod(path, { type, mode: UNFINISHED_MODE, major, minor }));
  }

  /**
   * Hides a name of the layers below. What this layer itself has under that name stays, wherever in the archive it
   * comes; a folder then must not be merged with the one below.
   */
  #whiteout(path: LayerPath): void {
    const existing = this.#layer.statIfExists(path);
    if (existing?.type === "directory") markOpaque(this.#layer, path);
    if (existing === undefined) {
      this.#create(path, () => this.#layer.mknod(path, { type: "character", mode: 0 }));
    }
  }

  /** Makes something, after its parents where they are missing, and in place of what has its name. */
  #create(path: LayerPath, make: () => void): void {
    for (let attempt = 1; ; attempt++) {
      try {
        make();
        return;
      } catch (cause) {
        const code = failureCode(cause);
        if (attempt > 2) throw cause;
        if (code === "EEXIST") this.#layer.removeTree(path);
        else if (code === "ENOENT" || code === "ENOTDIR") this.#folders.ensure(splitLast(path).parent);
        else throw cause;
      }
    }
  }

  #setAttributes(entry: TarEntry, path: LayerPath): void {
    this.#layer.chown(path, entry.uid, entry.gid);
    if (entry.type !== "symlink") this.#layer.chmod(path, entry.mode); // mkdir and chown have cleared bits of it.
    setXattrs(entry.xattrs, (name, value) => this.#layer.setXattr(path, name, value));
    if (entry.type !== "directory") this.#layer.setTimes(path, entry.modifiedAt);
  }

  /** Says which entry a failed system call was for. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (cause) {
      const code = failureCode(cause);
      if (code === undefined || DISK_FULL.includes(code)) throw cause;
      const path = printable(this.#entry!.path);
      throw new EngineError(`Cannot unpack "${path}": ${(cause as Error).message}`, { cause });
    }
  }
}

function refuse(entry: TarEntry, reason: string): never {
  throw new InvalidDataError(`Cannot unpack "${printable(entry.path)}": ${reason}`);
}

function keyOf(path: LayerPath): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}
