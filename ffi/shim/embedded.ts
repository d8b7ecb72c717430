/// <reference path="./embedded.d.ts" />
import { readFileSync } from "node:fs";
import { ARCH } from "../abi/syscalls.ts";
import aarch64 from "./prebuilt/shim-aarch64" with { type: "file" };
import x86_64 from "./prebuilt/shim-x86-64" with { type: "file" };

/** The shim's ELF executable for the architecture this process runs on; inside a compiled binary, from the binary. */
export function shimExecutable(): Uint8Array {
  return readFileSync(ARCH === "aarch64" ? aarch64 : x86_64);
}
