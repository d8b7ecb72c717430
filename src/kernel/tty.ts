import {
  ControlCharacter,
  ControlFlag,
  InputFlag,
  LocalFlag,
  OutputFlag,
  termios,
  winsize,
} from "../../ffi/structs/termios.ts";
import { getWinsize, isatty, setWinsize, tcgetattr, tcsetattr } from "../../ffi/sys/tty.ts";

export { isatty };

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** The terminal's size; 0 × 0 when nobody has set one. @throws {SyscallError} ENOTTY @see ioctl_tty(2) */
export function terminalSize(fd: number): TerminalSize {
  const size = winsize.decode(getWinsize(fd));
  return { rows: size.ws_row, columns: size.ws_col };
}

/** Sets the terminal's size; its foreground programs get SIGWINCH. @see ioctl_tty(2) */
export function setTerminalSize(fd: number, { rows, columns }: TerminalSize): void {
  setWinsize(fd, winsize.encode({ ws_row: rows, ws_col: columns }));
}

/** The settings of cfmakeraw(3): every byte passes as it is, in both directions, at once. Pure. */
export function rawSettings(settings: Uint8Array): Uint8Array<ArrayBuffer> {
  const { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc } = termios.decode(settings);
  const { IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON } = InputFlag;
  const { ECHO, ECHONL, ICANON, ISIG, IEXTEN } = LocalFlag;
  c_cc[ControlCharacter.VMIN] = 1;
  c_cc[ControlCharacter.VTIME] = 0;
  return termios.encode({
    c_iflag: (c_iflag & ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)) >>> 0,
    c_oflag: (c_oflag & ~OutputFlag.OPOST) >>> 0,
    c_cflag: ((c_cflag & ~(ControlFlag.CSIZE | ControlFlag.PARENB)) | ControlFlag.CS8) >>> 0,
    c_lflag: (c_lflag & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN)) >>> 0,
    c_line,
    c_cc,
  });
}

/** A terminal in raw mode, until disposed. Made by {@link enterRawMode}. */
export class RawMode implements Disposable {
  readonly #fd: number;
  readonly #original: Uint8Array;
  readonly #raw: Uint8Array;

  constructor(fd: number, original: Uint8Array) {
    this.#fd = fd;
    this.#original = original;
    this.#raw = rawSettings(original);
    tcsetattr(fd, this.#raw);
  }

  /** Raw again: after a stop, when the shell has put back its own settings. */
  resume(): void {
    this.#set(this.#raw);
  }

  /** As it was before: ahead of a stop, and at the end. */
  [Symbol.dispose](): void {
    this.#set(this.#original);
  }

  #set(settings: Uint8Array): void {
    try {
      tcsetattr(this.#fd, settings);
    } catch {
      // The terminal is gone (EIO after a hang-up, which SIGCONT follows): there is nothing left to set.
    }
  }
}

/**
 * Puts a terminal into raw mode: Ctrl-C is a byte, not a signal.
 *
 * @returns the mode; disposing restores the settings found now
 * @throws {SyscallError} ENOTTY
 * @see termios(3)
 */
export function enterRawMode(fd: number): RawMode {
  return new RawMode(fd, tcgetattr(fd));
}
