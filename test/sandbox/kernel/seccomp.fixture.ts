/** Replaces itself by a program under a filter: `seccomp.fixture.ts PROFILE-JSON-OR-EMPTY PROGRAM ARGUMENT…`. */
import { dlopen, ptr } from "bun:ffi";
import { syscallNumber } from "../../../ffi/abi/syscalls.ts";
import { DEFAULT_CAPABILITY_MASK } from "../../../src/kernel/capabilities.ts";
import { seccompFilter } from "../../../src/kernel/seccomp/filter.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;

const [, , profile, ...command] = process.argv;
const { program, flags } = await seccompFilter(DEFAULT_CAPABILITY_MASK, profile || undefined);
const { symbols: libc } = dlopen("libc.so.6", {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  syscall: { args: ["i64", "i32", "u32", "ptr"], returns: "i32" },
  execv: { args: ["ptr", "ptr"], returns: "i32" },
});

const filter = new DataView(new ArrayBuffer(16)); // struct sock_fprog
filter.setUint16(0, program.length / 8, true);
filter.setBigUint64(8, BigInt(ptr(program)), true);
const strings = command.map((word) => Buffer.from(`${word}\0`));
const argv = new BigUint64Array([...strings.map((word) => BigInt(ptr(word))), 0n]);

const done =
  libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0 &&
  libc.syscall(syscallNumber("seccomp"), SECCOMP_SET_MODE_FILTER, flags, new Uint8Array(filter.buffer)) === 0;
if (done) libc.execv(strings[0]!, argv);
process.exit(99);
