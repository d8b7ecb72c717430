import { struct } from "../struct.ts";

/** The file types in `st_mode`, linux/stat.h. */
export const FileType = {
  MASK: 0o170000,
  SOCKET: 0o140000,
  SYMLINK: 0o120000,
  REGULAR: 0o100000,
  BLOCK: 0o060000,
  DIRECTORY: 0o040000,
  CHARACTER: 0o020000,
  FIFO: 0o010000,
} as const;

/** `STATX_BASIC_STATS`, linux/stat.h. */
export const STATX_BASIC_STATS = 0x7ff;

/** `struct statx`, linux/stat.h: the one stat structure that is the same on every architecture. */
export const statxStruct = struct({
  mask: "u32",
  blksize: "u32",
  attributes: "u64",
  nlink: "u32",
  uid: "u32",
  gid: "u32",
  mode: "u16",
  spare0: "u16",
  ino: "u64",
  size: "u64",
  blocks: "u64",
  attributesMask: "u64",
  atimeSeconds: "i64",
  atimeNanoseconds: "u32",
  atimeReserved: "i32",
  btimeSeconds: "i64",
  btimeNanoseconds: "u32",
  btimeReserved: "i32",
  ctimeSeconds: "i64",
  ctimeNanoseconds: "u32",
  ctimeReserved: "i32",
  mtimeSeconds: "i64",
  mtimeNanoseconds: "u32",
  mtimeReserved: "i32",
  rdevMajor: "u32",
  rdevMinor: "u32",
  devMajor: "u32",
  devMinor: "u32",
  rest: "bytes112",
});
