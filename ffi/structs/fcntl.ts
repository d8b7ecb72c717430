import { ARCH } from "../abi/syscalls.ts";
import { struct } from "../struct.ts";

const ON_AARCH64 = ARCH === "aarch64";

/** Flags of open(2): asm-generic/fcntl.h, where aarch64 has its own numbers for two of them. */
export const OpenFlag = {
  RDONLY: 0o0,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: ON_AARCH64 ? 0o40000 : 0o200000,
  NOFOLLOW: ON_AARCH64 ? 0o100000 : 0o400000,
  NOATIME: 0o1000000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** The `AT_*` flags of the `*at` calls: linux/fcntl.h. */
export const At = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  EMPTY_PATH: 0x1000,
} as const;

/** The `RESOLVE_*` flags of openat2(2): linux/openat2.h. */
export const Resolve = {
  NO_XDEV: 0x01n,
  NO_MAGICLINKS: 0x02n,
  NO_SYMLINKS: 0x04n,
  BENEATH: 0x08n,
  IN_ROOT: 0x10n,
  CACHED: 0x20n,
} as const;

/** `struct open_how`, linux/openat2.h. */
export const openHow = struct({ flags: "u64", mode: "u64", resolve: "u64" });
