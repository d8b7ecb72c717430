/** Calls of the mount API of Linux 5.2: a mount is made or cloned as a descriptor, and attached to a descriptor. */
import {
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  FsConfig,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MountFlag,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../../../../ffi/structs/mount.ts";
import { struct } from "../../../../ffi/struct.ts";
import type { ProgramBuilder } from "../builder.ts";
import { bytes, cString } from "../data.ts";
import { type Argument, type Register, Symbolic } from "../program.ts";
import { AT_EMPTY_PATH, AT_EMPTY_PATH_RECURSIVE, type MountAttrName, mountAttrs } from "../symbols.ts";

/** `struct mount_attr`, linux/mount.h. */
export const mountAttr = struct({ attr_set: "u64", attr_clr: "u64", propagation: "u64", userns_fd: "u64" });

export interface FileSystem {
  readonly type: string;
  /** Mount options: a name and, where it takes one, a value. */
  readonly options?: readonly (readonly [name: string, value?: string])[];
  readonly attributes?: readonly MountAttrName[];
  readonly why: string;
  /** Whether a kernel without this file system goes on without it, passing over `skip` further calls. */
  readonly optional?: { readonly skip: number };
}

/** Makes a file system as a detached mount. @returns its descriptor @see fsopen(2), fsconfig(2), fsmount(2) */
export function newFileSystem(b: ProgramBuilder, fileSystem: FileSystem): Register {
  const { type, attributes = [], why, optional } = fileSystem;
  const options = [["source", type] as const, ...(fileSystem.options ?? [])];
  const tolerated = optional ? { tolerate: ["ENODEV"], skip: options.length + 2 + optional.skip } : {};
  const fs = b.callFor("fs", "fsopen", [cString(type), new Symbolic(FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC")], {
    why,
    subject: type,
    ...tolerated,
  });
  const setString = new Symbolic(FsConfig.SET_STRING, "FSCONFIG_SET_STRING");
  const setFlag = new Symbolic(FsConfig.SET_FLAG, "FSCONFIG_SET_FLAG");
  for (const [name, value] of options) {
    const args =
      value === undefined
        ? [fs, setFlag, cString(name), null, 0]
        : [fs, setString, cString(name), cString(value), 0];
    b.call("fsconfig", args, {
      why: `${type}: ${name}${value === undefined ? "" : ` ${value}`}`,
      subject: `${type} option ${name}`,
    });
  }
  const create = new Symbolic(FsConfig.CMD_CREATE, "FSCONFIG_CMD_CREATE");
  b.call("fsconfig", [fs, create, null, null, 0], { why: `${type}: the file system itself`, subject: type });
  const cloexec = new Symbolic(FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC");
  return b.callFor(type, "fsmount", [fs, cloexec, mountAttrs(...attributes)], {
    why: `${type} as a mount, not yet attached`,
    subject: type,
  });
}

/** Attaches a detached mount at a place that is open. @see move_mount(2) */
export function attachMount(
  b: ProgramBuilder,
  mount: Argument,
  target: Argument,
  why: string,
  subject: string,
): void {
  const flags = new Symbolic(
    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
    "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH",
  );
  b.call("move_mount", [mount, EMPTY, target, EMPTY, flags], { why, subject });
}

/** Clones the mount that `path`, seen from `dir`, lies on, as bind mounts do. @see open_tree(2) */
export function cloneTree(
  b: ProgramBuilder,
  source: { readonly dir: Argument; readonly path?: string; readonly recursive?: boolean },
  options: {
    readonly why: string;
    readonly as: string;
    readonly subject?: string;
    readonly tolerate?: readonly string[];
    readonly skip?: number;
  },
): Register {
  const { dir, path = "", recursive = false } = source;
  const value =
    OPEN_TREE_CLONE |
    OPEN_TREE_CLOEXEC |
    Number(recursive ? AT_EMPTY_PATH_RECURSIVE.value : AT_EMPTY_PATH.value);
  const text = `OPEN_TREE_CLONE|${(recursive ? AT_EMPTY_PATH_RECURSIVE : AT_EMPTY_PATH).text}`;
  const { as, ...rest } = options;
  return b.callFor(as, "open_tree", [dir, path ? cString(path) : EMPTY, new Symbolic(value, text)], rest);
}

/** Changes a mount's attributes and propagation. @see mount_setattr(2) */
export function setMount(
  b: ProgramBuilder,
  mount: Argument,
  change: {
    readonly set?: readonly MountAttrName[];
    readonly propagation?: "PRIVATE" | "SHARED" | "SLAVE";
    readonly recursive?: boolean;
  },
  options: { readonly why: string; readonly subject: string },
): void {
  const set = mountAttrs(...(change.set ?? []));
  const propagation = change.propagation ? MountFlag[change.propagation] : 0;
  const encoded = mountAttr.encode({ attr_set: BigInt(set.value), propagation: BigInt(propagation) });
  const text = [
    set.text === "0" ? "" : `set ${set.text}`,
    change.propagation ? `MS_${change.propagation}` : "",
  ]
    .filter(Boolean)
    .join(", ");
  const flags = change.recursive ? AT_EMPTY_PATH_RECURSIVE : AT_EMPTY_PATH;
  b.call("mount_setattr", [mount, EMPTY, flags, bytes(encoded, `{${text}}`), mountAttr.size], options);
}

const EMPTY = cString("");
