/** Calls by which a process puts itself under limits. */
import type { ProgramBuilder } from "../builder.ts";
import { AT_FDCWD } from "../symbols.ts";
import { writeText } from "./paths.ts";

/** Joins cgroups of version 1: "0" means the writer itself. @see cgroups(7) */
export function joinCgroups(b: ProgramBuilder, paths: readonly string[]): void {
  for (const path of paths) {
    writeText(
      b,
      { dir: AT_FDCWD, path, text: "0" },
      { why: "its limits hold before anything of the container runs" },
    );
  }
}

/** How ready the kernel is to end this process when memory runs out. @see proc_pid_oom_score_adj(5) */
export function setOomScore(b: ProgramBuilder, score: number): void {
  const file = { dir: AT_FDCWD, path: "/proc/self/oom_score_adj", text: String(score) };
  writeText(b, file, { why: "its place in the queue when memory runs out" });
}
