/** Extended attributes: xattr(7). */
import { cString, displayName, type Name } from "../c-string.ts";
import { bind } from "../libc.ts";
import { ret, retUnless } from "../ret.ts";

const ENODATA = 61;

const libc = bind({
  lsetxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i32" },
  llistxattr: { args: ["ptr", "ptr", "u64"], returns: "i32" },
  lremovexattr: { args: ["ptr", "ptr"], returns: "i32" },
  fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
});

/** `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`, linux/limits.h. */
const XATTR_MAX_BYTES = 65_536;

/** bun:ffi has no pointer to an empty array, and the calls do not look at it. */
const valuePointer = (value: Uint8Array) => (value.length === 0 ? new Uint8Array(1) : value);

/** Sets an attribute of a file, of a symbolic link itself. @see lsetxattr(2) */
export function lsetxattr(path: Name, name: Name, value: Uint8Array): void {
  const file = cString(path);
  const key = cString(name);
  const bytes = valuePointer(value);
  ret("lsetxattr", `${displayName(name)}`, () => libc.lsetxattr(file, key, bytes, value.length, 0));
}

/** The value of an attribute, of a symbolic link's own; `undefined` when the file has none. @see lgetxattr(2) */
export function lgetxattr(path: Name, name: Name): Uint8Array | undefined {
  const file = cString(path);
  const key = cString(name);
  const value = new Uint8Array(XATTR_MAX_BYTES);
  const size = retUnless("lgetxattr", displayName(name), [ENODATA], () =>
    libc.lgetxattr(file, key, value, value.length),
  );
  return size < 0 ? undefined : value.slice(0, size);
}

/** The names of a file's attributes, of a symbolic link's own. @see llistxattr(2) */
export function llistxattr(path: Name): string[] {
  const file = cString(path);
  const names = new Uint8Array(XATTR_MAX_BYTES);
  const size = ret("llistxattr", displayName(path), () => libc.llistxattr(file, names, names.length));
  return new TextDecoder()
    .decode(names.subarray(0, size))
    .split("\0")
    .filter((name) => name !== "");
}

/** Removes an attribute of a file, of a symbolic link itself. @see lremovexattr(2) */
export function lremovexattr(path: Name, name: Name): void {
  const file = cString(path);
  const key = cString(name);
  ret("lremovexattr", displayName(name), () => libc.lremovexattr(file, key));
}

/** Sets an attribute of an open file. @see fsetxattr(2) */
export function fsetxattr(fd: number, name: Name, value: Uint8Array): void {
  const key = cString(name);
  const bytes = valuePointer(value);
  ret("fsetxattr", displayName(name), () => libc.fsetxattr(fd, key, bytes, value.length, 0));
}
