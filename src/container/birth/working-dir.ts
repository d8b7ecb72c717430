import type { ProgramBuilder } from "../../kernel/launch/builder.ts";
import { room } from "../../kernel/launch/data.ts";
import { Loaded, type Argument } from "../../kernel/launch/program.ts";
import { mountTarget, openInside } from "../../kernel/launch/sequences/paths.ts";

const PATH_MAX = 4096;

/** Makes the working folder where it is missing, while the root can still be written. */
export function makeWorkingDir(b: ProgramBuilder, root: Argument, path: string): void {
  const mark = b.registerMark;
  mountTarget(b, root, path, "folder", "the working folder");
  b.reuseRegisters(mark);
}

/**
 * Goes to the working folder.
 *
 * It is opened inside the root and without procfs's magic links, and the kernel's own answer must be a path that begins
 * at the root: a working folder such as /proc/self/fd/7 leads nowhere (CVE-2024-21626).
 */
export function enterWorkingDir(b: ProgramBuilder, root: Argument, path: string): void {
  const why = "the working folder";
  const folder = openInside(b, root, path, { why, as: "cwd", flags: ["PATH", "DIRECTORY"] });
  b.call("fchdir", [folder], { why, subject: path });
  const answer = room(PATH_MAX, "path");
  b.call("getcwd", [answer, PATH_MAX], { why: "where the kernel says this is", subject: path });
  b.check({
    value: new Loaded(answer, 0, 32, "path[0]"),
    mask: 0xff,
    expected: "/".charCodeAt(0),
    errno: "EPERM",
    subject: path,
    why: "a path outside of the root begins with (unreachable)",
  });
}
