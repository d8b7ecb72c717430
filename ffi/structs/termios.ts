import { struct } from "../struct.ts";

/**
 * The kernel's `struct termios` (36 bytes), as TCGETS and TCSETS take it; libc's own has more fields.
 *
 * @see ioctl_tty(2)
 */
export const termios = struct({
  c_iflag: "u32",
  c_oflag: "u32",
  c_cflag: "u32",
  c_lflag: "u32",
  c_line: "u8",
  c_cc: "bytes19",
});

/** @see ioctl_tty(2) TIOCGWINSZ */
export const winsize = struct({ ws_row: "u16", ws_col: "u16", ws_xpixel: "u16", ws_ypixel: "u16" });

/** asm-generic/ioctls.h */
export const TtyRequest = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
} as const;

/** asm-generic/termbits.h, what raw mode touches. */
export const InputFlag = {
  IGNBRK: 0x001,
  BRKINT: 0x002,
  PARMRK: 0x008,
  ISTRIP: 0x020,
  INLCR: 0x040,
  IGNCR: 0x080,
  ICRNL: 0x100,
  IXON: 0x400,
} as const;
export const OutputFlag = { OPOST: 0x01 } as const;
export const ControlFlag = { CSIZE: 0x30, CS8: 0x30, PARENB: 0x100 } as const;
export const LocalFlag = { ISIG: 0x01, ICANON: 0x02, ECHO: 0x08, ECHONL: 0x40, IEXTEN: 0x8000 } as const;
/** Indices into `c_cc`. */
export const ControlCharacter = { VTIME: 5, VMIN: 6 } as const;
