import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseElf } from "../../../src/container/elf.ts";
import { commandCandidates, diagnoseExec, type ExecFacts } from "../../../src/container/exec-diagnosis.ts";
import type { ImagePath } from "../../../src/container/image-files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function file(head: Uint8Array | string, others: Partial<ImagePath> = {}): ImagePath {
  const content = typeof head === "string" ? bytes(head) : head;
  return { type: "file", mode: 0o755, uid: 0, gid: 0, sizeBytes: content.length, head: content, ...others };
}

/** The beginning of an ELF program of 64 bits with a loader. */
function elf(machine: number, loader = "/lib64/ld-linux-x86-64.so.2"): Uint8Array {
  const head = new Uint8Array(4096);
  const view = new DataView(head.buffer);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setUint16(18, machine, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 3, true);
  view.setBigUint64(64 + 8, 256n, true);
  view.setBigUint64(64 + 32, BigInt(loader.length + 1), true);
  head.set(bytes(loader), 256);
  return head;
}

function diagnose(facts: Partial<ExecFacts>) {
  const error = diagnoseExec({
    command: "/app/run",
    searched: false,
    code: "ENOENT",
    path: "/app/run",
    file: undefined,
    exists: () => true,
    machine: "x86-64",
    ...facts,
  });
  return {
    message: error.message.replace("Cannot start the container's process: ", ""),
    hint: error.hint,
    exitCode: error.exitCode,
  };
}

describe("diagnoseExec()", () => {
  test.each<[string, Partial<ExecFacts>, 126 | 127, string]>([
    [
      "a command that PATH does not have",
      { command: "foo", searched: true, path: "foo" },
      127,
      'exec: "foo": executable file not found in $PATH',
    ],
    ["a path that does not exist", {}, 127, 'exec: "/app/run": stat /app/run: no such file or directory'],
    [
      "a missing interpreter of a script",
      { file: file("#! /usr/bin/bash -e\n"), exists: (path) => path !== "/usr/bin/bash" },
      127,
      "exec /app/run: no such file or directory: no interpreter /usr/bin/bash",
    ],
    [
      "Windows line ends after the interpreter",
      { file: file("#!/bin/sh\r\necho\r\n"), exists: (path) => path === "/bin/sh" },
      127,
      'exec /app/run: no such file or directory: its interpreter is "/bin/sh\\r"',
    ],
    [
      "a missing loader",
      { file: file(elf(62)), exists: () => false },
      127,
      "exec /app/run: no such file or directory: no ELF loader /lib64/ld-linux-x86-64.so.2",
    ],
    [
      "another machine's program",
      { code: "ENOEXEC", file: file(elf(183)) },
      126,
      "exec /app/run: exec format error: a program for aarch64, on a machine that is x86-64",
    ],
    [
      "a script without #!",
      { code: "ENOEXEC", file: file("echo hello\n") },
      126,
      "exec /app/run: exec format error: a script without #! in its first line",
    ],
    [
      "an empty file",
      { code: "ENOEXEC", file: file("") },
      126,
      "exec /app/run: exec format error: the file is empty",
    ],
    [
      "bytes that are nothing",
      { code: "ENOEXEC", file: file(Uint8Array.of(1, 0, 2)) },
      126,
      "exec /app/run: exec format error: neither an ELF program nor a script",
    ],
    [
      "a folder",
      { code: "EACCES", file: file("", { type: "directory" }) },
      126,
      'exec: "/app/run": is a directory',
    ],
    [
      "a mode without an execute bit",
      { code: "EACCES", file: file("#!/bin/sh\n", { mode: 0o644 }) },
      126,
      'exec: "/app/run": permission denied: no execute bit in mode 0644',
    ],
    [
      "a mount with noexec",
      { code: "EACCES", file: file(elf(62)), noexec: true },
      126,
      'exec: "/app/run": permission denied: it lies on a mount with noexec',
    ],
    [
      "another user's program",
      { code: "EACCES", file: file(elf(62), { mode: 0o700 }) },
      126,
      'exec: "/app/run": permission denied',
    ],
    [
      "a file that is being written",
      { code: "ETXTBSY", file: file(elf(62)) },
      126,
      'exec: "/app/run": text file busy: it is open for writing',
    ],
    [
      "an errno that means nothing special",
      { code: "EIO", file: file(elf(62)) },
      126,
      'exec: "/app/run": EIO',
    ],
  ])("names %s", (_what, facts, exitCode, message) => {
    expect(diagnose(facts)).toMatchObject({ exitCode, message });
  });

  test("hints at the C library that a missing loader belongs to", () => {
    const facts = { file: file(elf(62, "/lib/ld-musl-x86_64.so.1")), exists: () => false };

    expect(diagnose(facts).hint).toContain("(musl)");
  });

  test("survives any bytes in place of a program", () => {
    const head = elf(62);
    for (let at = 0; at < 120; at++) {
      const damaged = head.slice();
      damaged[at] = 0xff;
      for (const code of ["ENOENT", "ENOEXEC", "EACCES"])
        diagnose({ code, file: file(damaged), exists: () => false });
      diagnose({ code: "ENOEXEC", file: file(head.subarray(0, at)) });
    }
  });
});

test("parseElf() reads the program that runs this test", () => {
  const head = readFileSync(process.execPath).subarray(0, 4096);

  const machine = process.arch === "arm64" ? "aarch64" : "x86-64";
  expect(parseElf(head)).toEqual({ machine, bits: 64, interpreter: expect.stringContaining("/ld-") });
});

test("commandCandidates() are the paths in the order that a shell tries them", () => {
  expect(commandCandidates("ls", "/usr/bin:bin::/bin", "/w")).toEqual([
    "/usr/bin/ls",
    "/w/bin/ls",
    "/w/./ls",
    "/bin/ls",
  ]);
  expect(commandCandidates("./ls", "/usr/bin", "/w")).toEqual(["/w/./ls"]);
  expect(commandCandidates("/ls", "/usr/bin", "/w")).toEqual(["/ls"]);
});
