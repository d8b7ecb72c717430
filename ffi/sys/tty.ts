import { errnoNumber } from "../errno.ts";
import { bind } from "../libc.ts";
import { ret, retUnless } from "../ret.ts";
import { TtyRequest, termios, winsize } from "../structs/termios.ts";

const libc = bind({ ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });

/** Whether a descriptor is a terminal. @see isatty(3) */
export function isatty(fd: number): boolean {
  const unused = new Uint8Array(termios.size);
  // Whatever the failure (ENOTTY, EBADF, EIO after a hang-up): it is no terminal to work with.
  const failures = ["ENOTTY", "EINVAL", "EBADF", "EIO", "ENODEV", "EPERM"].map(errnoNumber);
  return (
    retUnless("ioctl", `TCGETS fd ${fd}`, failures, () => libc.ioctl(fd, TtyRequest.TCGETS, unused)) === 0
  );
}

/** The terminal's settings, as a kernel `struct termios`. @see ioctl_tty(2) TCGETS */
export function tcgetattr(fd: number): Uint8Array<ArrayBuffer> {
  const settings = new Uint8Array(termios.size);
  ret("ioctl", `TCGETS fd ${fd}`, () => libc.ioctl(fd, TtyRequest.TCGETS, settings));
  return settings;
}

/** Sets the terminal's settings at once. @see ioctl_tty(2) TCSETS */
export function tcsetattr(fd: number, settings: Uint8Array): void {
  ret("ioctl", `TCSETS fd ${fd}`, () => libc.ioctl(fd, TtyRequest.TCSETS, settings));
}

/** The terminal's size, as a `struct winsize`. @see ioctl_tty(2) TIOCGWINSZ */
export function getWinsize(fd: number): Uint8Array<ArrayBuffer> {
  const size = new Uint8Array(winsize.size);
  ret("ioctl", `TIOCGWINSZ fd ${fd}`, () => libc.ioctl(fd, TtyRequest.TIOCGWINSZ, size));
  return size;
}

/** Sets the terminal's size; its foreground process group gets SIGWINCH. @see ioctl_tty(2) TIOCSWINSZ */
export function setWinsize(fd: number, size: Uint8Array): void {
  ret("ioctl", `TIOCSWINSZ fd ${fd}`, () => libc.ioctl(fd, TtyRequest.TIOCSWINSZ, size));
}
