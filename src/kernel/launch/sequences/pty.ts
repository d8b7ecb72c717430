/** Calls that make a terminal inside the container and hand its master to the shim. */
import { FsMagic } from "../../../../ffi/structs/mount.ts";
import { struct } from "../../../../ffi/struct.ts";
import type { ProgramBuilder } from "../builder.ts";
import { bytes, cString, structure } from "../data.ts";
import { type Argument, type Inherited, type Register, Symbolic } from "../program.ts";
import { openFlags } from "../symbols.ts";
import { checkFileSystem } from "./paths.ts";

const TIOCSPTLCK = new Symbolic(0x40045431, "TIOCSPTLCK");
const TIOCGPTPEER = new Symbolic(0x5441, "TIOCGPTPEER");
const TIOCSWINSZ = new Symbolic(0x5414, "TIOCSWINSZ");
const TIOCSCTTY = new Symbolic(0x540e, "TIOCSCTTY");
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

const winsize = struct({ row: "u16", col: "u16", xpixel: "u16", ypixel: "u16" });
const iovec = struct({ base: "u64", len: "u64" });
const msghdr = struct({
  name: "u64",
  namelen: "u32",
  iov: "u64",
  iovlen: "u64",
  control: "u64",
  controllen: "u64",
  flags: "i32",
});
/** `struct cmsghdr` with one descriptor behind it, padded to a multiple of 8 as CMSG_SPACE does. */
const descriptorMessage = struct({ len: "u64", level: "i32", type: "i32", fd: "i32", pad: "i32" });
const CMSG_LENGTH = 20n;

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Makes a pty and sends its master to the shim.
 *
 * The slave is opened from the master, not by a path, so nothing that the container has put at /dev/pts can take its
 * place; where `devpts` is not our own mount it is checked to be one.
 *
 * @param devpts the folder that holds `ptmx`
 * @returns the slave
 * @see ioctl_tty(2) TIOCGPTPEER
 */
export function openTerminal(
  b: ProgramBuilder,
  devpts: Argument,
  options: { readonly shim: Inherited; readonly size?: TerminalSize },
): Register {
  const master = b.callFor(
    "master",
    "openat",
    [devpts, cString("ptmx"), openFlags("RDWR", "NOCTTY", "CLOEXEC"), 0],
    {
      why: "a new pty of the container's own devpts",
      subject: "/dev/pts/ptmx",
    },
  );
  checkFileSystem(b, master, { magic: FsMagic.DEVPTS, name: "devpts" });
  const zero = bytes(new Uint8Array(4), "{0}");
  b.call("ioctl", [master, TIOCSPTLCK, zero], { why: "the slave may be opened", subject: "the pty" });
  const slave = b.callFor("slave", "ioctl", [master, TIOCGPTPEER, openFlags("RDWR", "NOCTTY")], {
    why: "the slave, by its master and not by a path that could lie",
    subject: "the pty",
  });
  if (options.size) {
    const { rows, columns } = options.size;
    const size = bytes(winsize.encode({ row: rows, col: columns }), `{${rows} rows, ${columns} columns}`);
    b.call("ioctl", [slave, TIOCSWINSZ, size], {
      why: "as large as the caller's terminal",
      subject: "the pty",
    });
  }
  sendDescriptor(b, master, options.shim);
  return slave;
}

/** The terminal on this descriptor becomes the session's own: its Ctrl-C reaches the container's processes. */
export function controlTerminal(b: ProgramBuilder, slave: Argument): void {
  b.call("ioctl", [slave, TIOCSCTTY, 0], { why: "the session's controlling terminal", subject: "the pty" });
}

function sendDescriptor(b: ProgramBuilder, fd: Register, socket: Inherited): void {
  const encoded = descriptorMessage.encode({ len: CMSG_LENGTH, level: SOL_SOCKET, type: SCM_RIGHTS });
  const control = bytes(encoded, "cmsg");
  const payload = structure(iovec.encode({ len: 1n }), "iov", {
    [iovec.offsets.base]: bytes(new Uint8Array(1), "byte"),
  });
  const message = msghdr.encode({ iovlen: 1n, controllen: BigInt(descriptorMessage.size) });
  const header = structure(message, "{SCM_RIGHTS, master}", {
    [msghdr.offsets.iov]: payload,
    [msghdr.offsets.control]: control,
  });
  b.store(fd, control, descriptorMessage.offsets.fd, "the master goes into the message");
  b.call("sendmsg", [socket, header, 0], {
    why: "the shim gets the master: it outlives the caller",
    subject: "the shim",
  });
}
