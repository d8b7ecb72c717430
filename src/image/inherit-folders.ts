import { type Directory, type FileStatus, openDirectory } from "../kernel/directory.ts";
import { setXattrs } from "./layer-xattrs.ts";

/**
 * Gives folders that a layer's archive does not list the looks they have in the layers below.
 *
 * overlayfs shows a folder as its topmost layer has it: without this, a layer that brings `tmp/file` alone would turn
 * /tmp from mode 1777 to 0755.
 *
 * @param folders paths, as Latin-1 of their bytes
 * @param lowerDirectories folders of the layers below, the top first
 */
export function inheritFolders(
  layerDirectory: string,
  folders: readonly string[],
  lowerDirectories: readonly string[],
): void {
  using layer = openDirectory(layerDirectory);
  using lowers = new DisposableStack();
  const below = lowerDirectories.map((path) => lowers.use(openDirectory(path)));
  // The inner ones first: what is set on them changes no time of theirs, but the order costs nothing.
  for (const folder of folders.toReversed()) {
    const path = Buffer.from(folder, "latin1");
    const found = topmost(below, path);
    if (found !== undefined) copyLooks(found.lower, found.status, layer, path);
  }
  layer.syncFileSystem();
}

/** What is seen of `path` from above; a whiteout or a file there ends the search, as it does for overlayfs. */
function topmost(below: readonly Directory[], path: Uint8Array) {
  for (const lower of below) {
    const status = lower.statIfExists(path);
    if (status !== undefined) return status.type === "directory" ? { lower, status } : undefined;
  }
  return undefined;
}

function copyLooks(lower: Directory, status: FileStatus, layer: Directory, path: Uint8Array): void {
  layer.chown(path, status.uid, status.gid);
  layer.chmod(path, status.mode);
  const xattrs = new Map<string, Uint8Array>();
  for (const name of lower.listXattrs(path)) {
    const value = lower.getXattr(path, name);
    if (value !== undefined) xattrs.set(name, value);
  }
  setXattrs(xattrs, (name, value) => layer.setXattr(path, name, value));
  layer.setTimes(path, status.modifiedAt);
}
