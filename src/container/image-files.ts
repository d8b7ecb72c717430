/**
 * Files of a container that does not run: its layers are looked at one by one, as overlayfs would join them.
 *
 * The overlay is mounted in the container's own mount namespace alone, so what must be known before the start
 * (users, why a command cannot run) is read here. Names and links come from the image and are resolved by
 * hand, a part at a time, by handles that nothing follows: no link leaves the layers, no fifo blocks, no
 * device is opened.
 *
 * Renamed folders (overlayfs's redirect_dir) are not followed to where they came from.
 */
import { InvalidDataError } from "../errors.ts";
import {
  type HandleStatus,
  isOpaque,
  linkTarget,
  openFolderHandle,
  openHandleAt,
  type OwnedFd,
  readHandle,
  statusOf,
} from "../kernel/safe-path.ts";

/** As the kernel's MAXSYMLINKS. */
const LINKS_MAX = 40;
/** Parts of a path, with those of its links: a bound on the work that an image can ask for. */
const PARTS_MAX = 4096;

/** Enough for a `#!` line and the program headers of any usual ELF file. */
export const HEAD_BYTES = 4096;

/** A folder of the joined tree: its handles, top layer first. */
type JoinedFolder = readonly OwnedFd[];

type Found = { readonly folder: JoinedFolder } | { readonly handle: OwnedFd; readonly status: HandleStatus };

export interface ImagePath {
  readonly type: HandleStatus["type"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** The first {@link HEAD_BYTES} of a regular file, empty otherwise. */
  readonly head: Uint8Array;
}

/**
 * Reads a regular file as the container will see it.
 *
 * @param layers the layer folders, top first, the container's own upper folder included
 * @returns its bytes; `null` when there is none of that name
 * @throws {InvalidDataError} when it is something else than a regular file, or larger than `limitBytes`
 */
export function readImageFile(
  layers: readonly string[],
  path: string,
  limitBytes: number,
): Uint8Array | null {
  using tree = new LayerTree(layers);
  const found = tree.resolve(path);
  if (found === undefined) return null;
  if (!("handle" in found) || found.status.type !== "file") {
    throw new InvalidDataError(`Cannot read "${path}" of the image: not a regular file`);
  }
  if (found.status.sizeBytes > limitBytes) {
    const { sizeBytes } = found.status;
    throw new InvalidDataError(
      `Cannot read "${path}" of the image: ${sizeBytes} bytes, more than ${limitBytes}`,
    );
  }
  return readHandle(found.handle, limitBytes);
}

/** What a path of the container is, links followed; `undefined` when there is nothing, or a link loop. */
export function statImagePath(layers: readonly string[], path: string): ImagePath | undefined {
  using tree = new LayerTree(layers);
  const found = tree.resolve(path);
  if (found === undefined) return undefined;
  const empty = new Uint8Array(0);
  if ("folder" in found) return { ...statusOf(found.folder[0]!), head: empty };
  const { handle, status } = found;
  return { ...status, head: status.type === "file" ? readHandle(handle, HEAD_BYTES) : empty };
}

/**
 * The paths under which the container will see these paths, links followed even where they lead to nothing yet:
 * `/etc/resolv.conf` may be a link into a `/run` that is empty until something runs there.
 *
 * @returns for each path where it leads; the path itself where the links do not end
 */
export function followImageLinks(layers: readonly string[], paths: readonly string[]): string[] {
  using tree = new LayerTree(layers);
  return paths.map((path) => tree.follow(path) ?? path);
}

/** The layers' folders, and every handle that was opened on the way. */
class LayerTree implements Disposable {
  readonly #handles = new DisposableStack();
  readonly #root: JoinedFolder;

  constructor(layers: readonly string[]) {
    try {
      this.#root = layers.map((path) => this.#handles.use(openFolderHandle(path)));
    } catch (cause) {
      this.#handles.dispose();
      throw cause;
    }
  }

  /**
   * Walks to `path` from the root, links followed. `undefined`: there is nothing, or the links do not end.
   */
  resolve(path: string): Found | undefined {
    const parts = path.split("/").reverse();
    const parents: JoinedFolder[] = [];
    let folder = this.#root;
    let links = 0;
    for (let steps = 0; parts.length > 0; steps++) {
      if (steps > PARTS_MAX || parts.length > PARTS_MAX) return undefined;
      const part = parts.pop()!;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        folder = parents.pop() ?? this.#root;
        continue;
      }
      const found = this.#lookUp(folder, part);
      if (found === undefined) return undefined;
      if ("folder" in found) {
        parents.push(folder);
        folder = found.folder;
      } else if (found.status.type === "symlink") {
        if (++links > LINKS_MAX) return undefined;
        const target = linkTarget(found.handle);
        if (target.startsWith("/")) {
          parents.length = 0;
          folder = this.#root;
        }
        parts.push(...target.split("/").reverse());
        // As the kernel: a file has nothing below it, not even a slash.
      } else return parts.length === 0 ? found : undefined;
    }
    return { folder };
  }

  /** Where `path` leads, as a path without links. What does not exist is taken as it is written. */
  follow(path: string): string | undefined {
    const parts = path.split("/").reverse();
    const walked: { readonly name: string; readonly folder: JoinedFolder }[] = [];
    const here = () => walked.at(-1)?.folder ?? this.#root;
    for (let links = 0; parts.length > 0;) {
      if (parts.length > PARTS_MAX) return undefined;
      const name = parts.pop()!;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        walked.pop();
        continue;
      }
      const found = this.#lookUp(here(), name);
      if (found === undefined || "folder" in found || found.status.type !== "symlink") {
        walked.push({ name, folder: found && "folder" in found ? found.folder : [] });
        continue;
      }
      if (++links > LINKS_MAX) return undefined;
      const target = linkTarget(found.handle);
      if (target.startsWith("/")) walked.length = 0;
      parts.push(...target.split("/").reverse());
    }
    return `/${walked.map(({ name }) => name).join("/")}`;
  }

  /** What overlayfs shows under a name: the topmost thing that is not a folder, or the folders joined. */
  #lookUp(folder: JoinedFolder, name: string): Found | undefined {
    const joined: OwnedFd[] = [];
    for (const layer of folder) {
      const handle = openHandleAt(layer.fd, name);
      if (handle === undefined) continue;
      this.#handles.use(handle);
      const status = statusOf(handle);
      if (status.type !== "directory") {
        if (joined.length > 0 || status.type === "whiteout") break;
        return { handle, status };
      }
      joined.push(handle);
      if (isOpaque(handle)) break;
    }
    return joined.length > 0 ? { folder: joined } : undefined;
  }

  [Symbol.dispose](): void {
    this.#handles.dispose();
  }
}
