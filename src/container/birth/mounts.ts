import type { ProgramBuilder } from "../../kernel/launch/builder.ts";
import type { Register } from "../../kernel/launch/program.ts";
import { attachMount, cloneTree, newFileSystem, setMount } from "../../kernel/launch/sequences/mounts.ts";
import { mountTarget, refuseFileSystem } from "../../kernel/launch/sequences/paths.ts";
import { AT_FDCWD, type MountAttrName } from "../../kernel/launch/symbols.ts";
import type { BindMount, TmpfsMount } from "../config.ts";
import type { BirthPlan, PlannedMount } from "./plan.ts";

const ATTRIBUTES: Readonly<Record<string, MountAttrName>> = {
  ro: "RDONLY",
  nosuid: "NOSUID",
  nodev: "NODEV",
  noexec: "NOEXEC",
  noatime: "NOATIME",
  nodiratime: "NODIRATIME",
  strictatime: "STRICTATIME",
};

/** PROC_SUPER_MAGIC, linux/magic.h. */
export const PROC_MAGIC = 0x9fa0;

const PROPAGATION = { private: "PRIVATE", shared: "SHARED", slave: "SLAVE" } as const;

/** A mount of the plan, and the source that was cloned for it while the host's files could still be seen. */
export interface PreparedMount {
  readonly mount: PlannedMount;
  readonly source?: Register;
}

/**
 * Clones the sources of bind mounts, while the mount namespace still shows the host's files and takes part in its
 * propagation: a clone made now of a shared mount is its peer, and stays so.
 */
export function prepareMounts(b: ProgramBuilder, plan: BirthPlan): PreparedMount[] {
  return sortByDepth(plan.mounts).map((mount) => {
    if (mount.type === "tmpfs") return { mount };
    const { source: path, recursive } = mount;
    const source = cloneTree(
      b,
      { dir: AT_FDCWD, path, recursive },
      { as: "bind", why: `for ${mount.target}`, subject: path },
    );
    return { mount, source };
  });
}

/** Mounts are attached from the root downwards, whatever order they were asked for in: `/data` before `/data/cache`. */
export function sortByDepth(mounts: readonly PlannedMount[]): PlannedMount[] {
  const depth = ({ target }: PlannedMount) => target.split("/").filter(Boolean).length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}

/** Clones the engine's own files for the container: /etc/hosts and its like. */
export function prepareFiles(b: ProgramBuilder, plan: BirthPlan): { target: string; source: Register }[] {
  return plan.files.map(({ source, target }) => ({
    target,
    source: cloneTree(
      b,
      { dir: AT_FDCWD, path: source },
      { as: "file", why: `for ${target}`, subject: source },
    ),
  }));
}

/** Puts the engine's files in their places. They can be written unless the whole root cannot. */
export function attachFiles(
  b: ProgramBuilder,
  root: Register,
  files: readonly { target: string; source: Register }[],
  { readOnly }: { readonly readOnly: boolean },
): void {
  for (const { target, source } of files) {
    const mark = b.registerMark;
    const place = mountPlace(b, root, target, { kind: "file", why: `the place of ${target}` });
    setMount(
      b,
      source,
      { propagation: "PRIVATE", ...(readOnly ? { set: ["RDONLY"] } : {}) },
      { why: `nothing here reaches the host${readOnly ? "; --read-only" : ""}`, subject: target },
    );
    attachMount(b, source, place, "the engine's file, which it can change while the container runs", target);
    b.reuseRegisters(mark);
  }
}

/** Attaches what the user asked for, each at a place found with openat2 inside the root and mounted by descriptor. */
export function attachMounts(b: ProgramBuilder, root: Register, mounts: readonly PreparedMount[]): void {
  for (const { mount, source } of mounts) {
    const mark = b.registerMark;
    if (mount.type === "tmpfs") attachTmpfs(b, root, mount);
    else attachBind(b, root, { mount, source: source!, targetKind: mount.targetKind });
    b.reuseRegisters(mark);
  }
}

/** Opens or makes a place for a mount. A link that leads into procfs is refused: what is masked there must be real. */
function mountPlace(
  b: ProgramBuilder,
  root: Register,
  path: string,
  { kind, why }: { readonly kind: "file" | "folder"; readonly why: string },
): Register {
  const place = mountTarget(b, root, path, kind, why);
  if (!path.startsWith("/proc/")) {
    refuseFileSystem(b, place, { magic: PROC_MAGIC, subject: path, why: "must not lead into procfs" });
  }
  return place;
}

function attachBind(
  b: ProgramBuilder,
  root: Register,
  bind: { readonly mount: BindMount; readonly source: Register; readonly targetKind: "file" | "folder" },
): void {
  const { mount, source, targetKind } = bind;
  const why = `the place of ${mount.source}`;
  const target = mountPlace(b, root, mount.target, { kind: targetKind, why });
  const recursive = mount.propagation.startsWith("r");
  const propagation = PROPAGATION[mount.propagation.replace(/^r/, "") as keyof typeof PROPAGATION];
  setMount(
    b,
    source,
    { propagation, recursive },
    { why: `propagation ${mount.propagation}`, subject: mount.target },
  );
  if (mount.readOnly) {
    const why = "read-only, with what is mounted below";
    setMount(b, source, { set: ["RDONLY"], recursive: mount.recursive }, { why, subject: mount.target });
  }
  attachMount(b, source, target, "asked for with -v or --mount", mount.target);
}

function attachTmpfs(b: ProgramBuilder, root: Register, mount: TmpfsMount): void {
  const target = mountPlace(b, root, mount.target, { kind: "folder", why: "the place of a tmpfs" });
  const options = mount.data
    .split(",")
    .filter(Boolean)
    .map((option) => option.split("=", 2) as [string, string?]);
  const names = [...mount.flags, ...(mount.readOnly ? ["ro"] : [])];
  const attributes = [...new Set(names.flatMap((name) => ATTRIBUTES[name] ?? []))];
  const tmpfs = newFileSystem(b, { type: "tmpfs", options, attributes, why: "files in memory" });
  attachMount(b, tmpfs, target, "asked for with --tmpfs or --mount", mount.target);
}
