import { readFileSync, realpathSync } from "node:fs";
import type { PlannedMount } from "./birth/plan.ts";
import type { MountFacts } from "./exec-diagnosis.ts";

/**
 * Where the mounts of a container that did not start come from, and whether programs on them can be executed.
 *
 * Never fails: it serves the words of an error that has happened already.
 */
export function plannedMountFacts(mounts: readonly PlannedMount[]): MountFacts[] {
  const hosts = mountFacts("/proc/self/mountinfo");
  return mounts.map((mount) => {
    const { target } = mount;
    if (mount.type === "tmpfs") return { target, noexec: mount.flags.includes("noexec") };
    return { target, source: mount.source, noexec: isNoexec(hosts, mount.source) };
  });
}

/** What is mounted as the process sees it whose mountinfo this is. @see proc_pid_mountinfo(5) */
export function mountFacts(mountinfo: string): MountFacts[] {
  try {
    return parseMountFacts(readFileSync(mountinfo, "utf8"));
  } catch {
    return []; // The process has gone.
  }
}

/** Reads targets and the noexec flag of mountinfo's lines. Pure. */
export function parseMountFacts(mountinfo: string): MountFacts[] {
  return mountinfo
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [, , , , target = "/", options = ""] = line.split(" ");
      return { target: unescapeOctal(target), noexec: options.split(",").includes("noexec") };
    });
}

/** The kernel writes a space as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function isNoexec(hosts: readonly MountFacts[], path: string): boolean {
  try {
    const real = realpathSync(path);
    const above = hosts.filter(({ target }) => target === "/" || `${real}/`.startsWith(`${target}/`));
    // Of several at one place the last one is on top.
    return above.reduce((best, mount) => (mount.target.length >= best.target.length ? mount : best)).noexec;
  } catch {
    return false;
  }
}
