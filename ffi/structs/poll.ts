import { struct } from "../struct.ts";

/** @see poll(2) */
export const pollfd = struct({ fd: "i32", events: "i16", revents: "i16" });

/** @see timespec(3type) */
export const timespec = struct({ tv_sec: "i64", tv_nsec: "i64" });

/** asm-generic/poll.h */
export const PollEvent = {
  IN: 0x001,
  PRI: 0x002,
  OUT: 0x004,
  ERR: 0x008,
  HUP: 0x010,
  NVAL: 0x020,
} as const;
