/**
 * The kernel's flags as launch programs use them: each carries its name, so that `explain` prints what the manual says.
 */
import { At, OpenFlag, openHow, Resolve } from "../../../ffi/structs/fcntl.ts";
import { AT_RECURSIVE, MountAttr, MountFlag } from "../../../ffi/structs/mount.ts";
import { Clone } from "../../../ffi/structs/sched.ts";
import { Data } from "./data.ts";
import { Symbolic } from "./program.ts";

/** Joins flags of one set: `flags("MS_", MountFlag, ["NOSUID", "NODEV"])` is `MS_NOSUID|MS_NODEV`. */
function flags<Names extends string>(
  prefix: string,
  set: Readonly<Record<Names, number | bigint>>,
  names: readonly Names[],
): Symbolic {
  let value = 0;
  // Sums, since bitwise operators stop at 32 bits; no name is given twice.
  for (const name of names) value += Number(set[name]);
  return new Symbolic(value, () => names.map((name) => `${prefix}${name}`).join("|") || "0");
}

export type CloneName = keyof typeof Clone;
export type MountFlagName = keyof typeof MountFlag;
export type MountAttrName = keyof typeof MountAttr;
export type OpenFlagName = keyof typeof OpenFlag;
export type ResolveName = keyof typeof Resolve;

/** Namespace flags, `CLONE_NEWNS|CLONE_NEWPID`. @see clone(2) */
export const cloneFlags = (...names: CloneName[]): Symbolic => flags("CLONE_", Clone, names);
/** @see mount(2) */
export const mountFlags = (...names: MountFlagName[]): Symbolic => flags("MS_", MountFlag, names);
/** @see fsmount(2), mount_setattr(2) */
export const mountAttrs = (...names: MountAttrName[]): Symbolic => flags("MOUNT_ATTR_", MountAttr, names);
/** @see open(2) */
export const openFlags = (...names: OpenFlagName[]): Symbolic => flags("O_", OpenFlag, names);

export const AT_FDCWD = new Symbolic(At.FDCWD, "AT_FDCWD");
export const AT_EMPTY_PATH = new Symbolic(At.EMPTY_PATH, "AT_EMPTY_PATH");
export const AT_EMPTY_PATH_RECURSIVE = new Symbolic(
  At.EMPTY_PATH | AT_RECURSIVE,
  "AT_EMPTY_PATH|AT_RECURSIVE",
);

const OPEN_HOW_FLAGS = openHow.offsets.flags / 4;
const OPEN_HOW_RESOLVE = openHow.offsets.resolve / 4;

/** struct open_how of openat2(2), and its size as the call takes it. */
export function openHowOf(
  open: readonly OpenFlagName[],
  resolve: readonly ResolveName[],
): readonly [Data, number] {
  const openSymbol = flags("O_", OpenFlag, open);
  const resolveSymbol = flags("RESOLVE_", Resolve, resolve);
  const words = new Uint32Array(openHow.size / 4);
  words[OPEN_HOW_FLAGS] = openSymbol.value;
  words[OPEN_HOW_RESOLVE] = resolveSymbol.value;
  const how = new Data(new Uint8Array(words.buffer), () => `{${openSymbol.text}, ${resolveSymbol.text}}`);
  return [how, openHow.size];
}
