import { struct } from "../struct.ts";

/** The fixed head of an event; `len` bytes of name follow. @see inotify(7) */
export const inotifyEvent = struct({ wd: "i32", mask: "u32", cookie: "u32", len: "u32" });

/** linux/inotify.h */
export const InotifyMask = {
  MODIFY: 0x002,
  ATTRIB: 0x004,
  CLOSE_WRITE: 0x008,
  MOVED_FROM: 0x040,
  MOVED_TO: 0x080,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  ONLYDIR: 0x0100_0000,
} as const;
