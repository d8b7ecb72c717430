import type { ProgramBuilder } from "../../kernel/launch/builder.ts";
import { cString } from "../../kernel/launch/data.ts";
import { Symbolic, type Register } from "../../kernel/launch/program.ts";
import { attachMount, newFileSystem, setMount } from "../../kernel/launch/sequences/mounts.ts";
import { openInside } from "../../kernel/launch/sequences/paths.ts";
import { AT_FDCWD, mountFlags, openFlags } from "../../kernel/launch/symbols.ts";
import type { RootfsPlan } from "./plan.ts";

const MNT_DETACH = new Symbolic(2, "MNT_DETACH");

/** No mount made from here on is seen by the host, and none of the host's is seen here. */
export function separateMounts(b: ProgramBuilder): void {
  b.call("mount", [null, cString("/"), null, mountFlags("REC", "PRIVATE"), null], {
    why: "no mount made here reaches the host",
    subject: "/",
  });
}

/**
 * Mounts the container's root: the image's layers below, a writable folder of its own on top.
 *
 * The host's mount table never has it: it lives and dies with this mount namespace.
 *
 * @returns the root folder's descriptor
 * @see overlayfs in the kernel's documentation, mount(2)
 */
export function mountRootfs(b: ProgramBuilder, plan: RootfsPlan): Register {
  b.call("chdir", [cString(plan.directory)], {
    why: "paths relative to here fit mount's one page of options",
  });
  const flags = plan.noDevices ? mountFlags("NODEV") : mountFlags();
  b.call(
    "mount",
    [cString("overlay"), cString(plan.mountPoint), cString("overlay"), flags, cString(overlayOptions(plan))],
    {
      why: "the image's layers, read-only, and a writable one on top",
      subject: `overlay on ${plan.mountPoint}`,
    },
  );
  const root = b.callFor(
    "root",
    "openat",
    [AT_FDCWD, cString(plan.mountPoint), openFlags("PATH", "DIRECTORY", "CLOEXEC"), 0],
    {
      why: "every place inside is found from this descriptor",
      subject: plan.mountPoint,
    },
  );
  return root;
}

/** Mount data of overlayfs; commas and colons in a path are escaped as it asks. */
export function overlayOptions({ layers, upper, work, volatile }: RootfsPlan): string {
  const lower = layers.map((path) => path.replace(/[\\:,]/g, "\\$&")).join(":");
  const escaped = (path: string) => path.replace(/[\\,]/g, "\\$&");
  return `lowerdir=${lower},upperdir=${escaped(upper)},workdir=${escaped(work)}${volatile ? ",volatile" : ""}`;
}

/** Covers folders that hold what the container must not see: of `dir:/`, the engine's own state. */
export function hideFolders(b: ProgramBuilder, root: Register, plan: RootfsPlan): void {
  for (const path of plan.hidden) {
    const mark = b.registerMark;
    const target = openInside(b, root, path, {
      why: "the engine's own state",
      as: "hidden",
      flags: ["PATH", "DIRECTORY"],
      tolerate: ["ENOENT", "ENOTDIR"],
      skip: 6,
    });
    const empty = newFileSystem(b, {
      type: "tmpfs",
      options: [["size", "0"]],
      attributes: ["RDONLY", "NOSUID", "NODEV", "NOEXEC"],
      why: "an empty folder to cover it",
    });
    attachMount(b, empty, target, "not for the container's eyes", path);
    b.reuseRegisters(mark);
  }
}

/**
 * Makes the new root the root of everything, and lets go of the host's.
 *
 * `pivot_root(".", ".")` stacks the old root on the new one, so it can be unmounted without a folder to put it in.
 *
 * @see pivot_root(2)
 */
export function enterRootfs(b: ProgramBuilder, root: Register, plan: RootfsPlan): void {
  if (plan.readOnly) {
    setMount(b, root, { set: ["RDONLY"] }, { why: "--read-only", subject: "/" });
  }
  const here = cString(".");
  b.call("fchdir", [root], { why: "into the new root", subject: "the new root" });
  b.call("pivot_root", [here, here], {
    why: "the new root becomes /, the old one lies on top of it",
    subject: "the new root",
  });
  b.call("umount2", [here, MNT_DETACH], {
    why: "the host's files are gone from here",
    subject: "the old root",
  });
  b.call("chdir", [cString("/")], { why: "the current folder is inside, too" });
}
