/** Makes system calls and prints as JSON how each ended: `seccomp-calls.fixture.ts '[["socket", 2, 1, 0], …]'`. */
import { writeSync } from "node:fs";
import { syscallNumber } from "../../../ffi/abi/syscalls.ts";
import { errnoCode } from "../../../ffi/errno.ts";
import { bind, readErrno } from "../../../ffi/libc.ts";

const { syscall } = bind({ syscall: { args: ["i64", "u64", "u64", "u64"], returns: "i64" } });
const calls: [string | number, ...number[]][] = JSON.parse(process.argv[2]!);

const outcomes = calls.map(([name, a = 0, b = 0, c = 0]) => {
  const number = typeof name === "string" ? syscallNumber(name) : name;
  return Number(syscall(number, a, b, c)) === -1 ? errnoCode(readErrno()) : "ok";
});
writeSync(1, JSON.stringify(outcomes));
