/** The folders of a layer that is being written: those that the archive lists, and those it only implies. */
import { printable } from "../archive/tar-error.ts";
import { InvalidDataError } from "../errors.ts";
import type { Directory, FileStatus } from "../kernel/directory.ts";
import { failureCode } from "../kernel/syscall-failure.ts";
import { isDot, isDotDot, joinPath, type LayerPath, splitLast, splitPath } from "./layer-path.ts";

/** What overlayfs reads on a folder of an upper or lower layer. */
export const OPAQUE_XATTR = "trusted.overlay.opaque";

/** As many symbolic links as the kernel follows in one path. */
const LINKS_MAX = 40;

/** The mode of a folder that the archive does not list. */
const IMPLICIT_MODE = 0o755;

const SLASH = 0x2f;
const YES = Uint8Array.of(0x79);

/** Whether a file is overlayfs's whiteout. In a layer's folder only we make them. */
export function isWhiteout(status: FileStatus): boolean {
  return status.type === "character" && status.deviceMajor === 0 && status.deviceMinor === 0;
}

/** Hides all that the layers below have in a folder. @requires CAP_SYS_ADMIN in the initial user namespace */
export function markOpaque(layer: Directory, folder: LayerPath): void {
  layer.setXattr(folder, OPAQUE_XATTR, YES);
}

/** Makes folders in a layer, and remembers which of them no entry has described. */
export class LayerFolders {
  readonly #layer: Directory;
  readonly #implicit = new Map<string, LayerPath>();

  constructor(layer: Directory) {
    this.#layer = layer;
  }

  /** Makes the folder of an archive's entry, in place of whatever else has its name. */
  make(path: LayerPath): void {
    this.#implicit.delete(keyOf(path));
    if (path.length === 0) return;
    try {
      this.#layer.mkdir(path, IMPLICIT_MODE);
    } catch (cause) {
      const code = failureCode(cause);
      if (code === "EEXIST") this.#replace(path);
      else if (code === "ENOENT" || code === "ENOTDIR") {
        this.ensure(splitLast(path).parent);
        this.make(path);
      } else throw cause;
    }
  }

  /**
   * Makes a folder and those above it where they are missing, by way of the layer's own symbolic links.
   *
   * @returns the folder's path without links
   */
  ensure(path: LayerPath): LayerPath {
    let real: Uint8Array[] = [];
    const pending = splitPath(path).reverse();
    for (let links = 0; pending.length > 0;) {
      const part = pending.pop()!;
      if (isDot(part)) continue;
      if (isDotDot(part)) {
        real.pop();
        continue;
      }
      const here = joinPath([...real, part]);
      const status = this.#layer.statIfExists(here);
      if (status?.type === "symlink") {
        if (++links > LINKS_MAX) refuse(path, "it leads through too many symbolic links");
        const target = this.#layer.readlink(here);
        if (target[0] === SLASH) real = [];
        pending.push(...splitPath(target).reverse());
        continue;
      }
      if (status === undefined) this.#makeImplicit(here);
      else if (isWhiteout(status)) this.#replaceWhiteout(here);
      else if (status.type !== "directory") refuse(path, `"${printable(here)}" is not a folder`);
      real.push(part);
    }
    return joinPath(real);
  }

  /** The folders that were made by {@link ensure} alone, the outer ones first. */
  implicit(): readonly LayerPath[] {
    return [...this.#implicit.values()].filter(
      (path) => this.#layer.statIfExists(path)?.type === "directory",
    );
  }

  #makeImplicit(path: LayerPath): void {
    this.#layer.mkdir(path, IMPLICIT_MODE);
    this.#layer.chmod(path, IMPLICIT_MODE); // Whatever the umask is.
    this.#implicit.set(keyOf(path), path);
  }

  #replace(path: LayerPath): void {
    const existing = this.#layer.stat(path);
    if (existing.type === "directory") return;
    if (isWhiteout(existing)) {
      this.#replaceWhiteout(path);
    } else {
      this.#layer.unlink(path);
      this.#layer.mkdir(path, IMPLICIT_MODE);
    }
  }

  /** The folder below is hidden, and this one takes its place: the two must not be merged. */
  #replaceWhiteout(path: LayerPath): void {
    this.#layer.unlink(path);
    this.#layer.mkdir(path, IMPLICIT_MODE);
    this.#layer.chmod(path, IMPLICIT_MODE);
    markOpaque(this.#layer, path);
  }
}

function refuse(path: LayerPath, reason: string): never {
  throw new InvalidDataError(`Cannot unpack into "${printable(path)}": ${reason}`);
}

function keyOf(path: LayerPath): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}
