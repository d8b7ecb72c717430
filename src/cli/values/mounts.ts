import { resolve } from "node:path";
import type { BindMount, Mount, TmpfsMount } from "../../container/config.ts";
import { UnsupportedError, UsageError } from "../../errors.ts";
import { parseSize } from "../../lib/size.ts";
import { parseBool } from "../flags.ts";
import { splitAtEquals } from "./environment.ts";

const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;
type Propagation = (typeof PROPAGATIONS)[number];

/** Modes of `-v` that ask for what happens anyway: SELinux relabelling needs SELinux, the rest is about macOS. */
const HARMLESS_MODES = ["z", "Z", "consistent", "cached", "delegated"];

const LATER_VOLUMES = "named and anonymous volumes are not supported yet";

/** Reads one `-v`: `SOURCE:TARGET[:ro,rshared,…]`, where a source is a path. */
export function parseVolume(given: string): BindMount {
  const parts = given.split(":");
  if (parts.length > 3) throw new UsageError(`invalid spec: ${given}: too many colons`);
  if (parts.some((part) => part === ""))
    throw new UsageError(`invalid spec: ${given}: empty section between colons`);
  const [source, target, modes] = parts as [string, string?, string?];
  if (target === undefined || !/^[./~]/.test(source)) {
    throw new UnsupportedError(`-v ${given}: ${LATER_VOLUMES}`, { hint: "Name a folder: -v /PATH:/TARGET" });
  }
  checkTarget(target, `invalid volume specification: '${given}'`);
  let readOnly = false;
  let propagation: Propagation = "rprivate";
  for (const mode of modes?.split(",") ?? []) {
    if (mode === "ro" || mode === "rw") readOnly = mode === "ro";
    else if (isPropagation(mode)) propagation = mode;
    else if (!HARMLESS_MODES.includes(mode)) {
      throw new UsageError(`invalid volume specification: '${given}': invalid mode: ${mode}`);
    }
  }
  return {
    type: "bind",
    source: resolve(source),
    target,
    readOnly,
    propagation,
    recursive: true,
    createSource: true,
  };
}

/** Reads one `--mount`: `type=bind,src=/a,dst=/b,readonly` in one line of CSV. */
export function parseMount(given: string): Mount {
  if (given === "") throw new UsageError("EOF");
  const fields = readMountFields(given);
  const type = fields.get("type")?.toLowerCase() ?? "volume";
  const target = fields.get("target");
  if (!target) throw new UsageError("target is required");
  for (const [prefix, owner] of [
    ["bind-", "bind"],
    ["tmpfs-", "tmpfs"],
    ["volume-", "volume"],
  ] as const) {
    if (type !== owner && [...fields.keys()].some((key) => key.startsWith(prefix))) {
      throw new UsageError(`cannot mix '${prefix}*' options with mount type '${type}'`);
    }
  }
  if (type === "volume") throw new UnsupportedError(`--mount ${given}: ${LATER_VOLUMES}`);
  if (type !== "bind" && type !== "tmpfs")
    throw new UnsupportedError(`--mount type=${type} is not supported yet`);
  checkTarget(target, `invalid mount config for type "${type}"`);
  const readOnly = readBoolean(fields, "readonly");
  return type === "bind" ? bindMount(fields, target, readOnly) : tmpfsMount(fields, target, readOnly);
}

const KEYS: Readonly<Record<string, string>> = {
  type: "type",
  source: "source",
  src: "source",
  target: "target",
  dst: "target",
  destination: "target",
  readonly: "readonly",
  ro: "readonly",
  consistency: "consistency",
  "bind-propagation": "bind-propagation",
  "bind-nonrecursive": "bind-nonrecursive",
  "bind-recursive": "bind-recursive",
  "tmpfs-size": "tmpfs-size",
  "tmpfs-mode": "tmpfs-mode",
  "volume-nocopy": "volume-nocopy",
  "volume-label": "volume-label",
  "volume-driver": "volume-driver",
  "volume-opt": "volume-opt",
  "volume-subpath": "volume-subpath",
  "image-subpath": "image-subpath",
};

function readMountFields(given: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of splitCsv(given)) {
    const [rawName, value] = splitAtEquals(field);
    const name = rawName.toLowerCase();
    const key = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    const bare = !field.includes("=");
    if (bare && !["readonly", "ro", "bind-nonrecursive", "volume-nocopy"].includes(name)) {
      throw new UsageError(`invalid field '${field}' must be a key=value pair`);
    }
    if (key === undefined) throw new UsageError(`unexpected key '${rawName}' in '${field}'`);
    if (key === "readonly" || key === "bind-nonrecursive") checkBoolean(name, bare ? "true" : value);
    fields.set(key, bare ? "true" : value);
  }
  return fields;
}

function checkBoolean(name: string, value: string): void {
  try {
    parseBool(value);
  } catch (cause) {
    throw new UsageError(`invalid value for ${name}: ${value}`, { cause });
  }
}

function readBoolean(fields: ReadonlyMap<string, string>, key: string): boolean {
  return parseBool(fields.get(key) ?? "false");
}

function bindMount(fields: ReadonlyMap<string, string>, target: string, readOnly: boolean): BindMount {
  const given = fields.get("source") ?? "";
  const context = `invalid mount config for type "bind"`;
  if (given === "") throw new UsageError(`${context}: field Source must not be empty`);
  const source = given.startsWith(".") ? resolve(given) : given;
  if (!source.startsWith("/")) {
    throw new UsageError(`${context}: invalid mount path: '${source}' mount path must be absolute`);
  }
  const propagation = fields.get("bind-propagation") ?? "rprivate";
  if (!isPropagation(propagation))
    throw new UsageError(`${context}: invalid propagation mode: ${propagation}`);
  const recursion = fields.get("bind-recursive") ?? "enabled";
  if (!["enabled", "disabled", "writable", "readonly"].includes(recursion)) {
    const choice = `"enabled", "disabled", "writable", or "readonly"`;
    throw new UsageError(`invalid value for bind-recursive: ${recursion} (must be ${choice})`);
  }
  if (recursion === "readonly" && !readOnly) {
    throw new UsageError(
      "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction",
    );
  }
  if (recursion === "writable")
    throw new UnsupportedError("--mount bind-recursive=writable is not supported yet");
  const recursive = recursion !== "disabled" && !readBoolean(fields, "bind-nonrecursive");
  return { type: "bind", source, target, readOnly, propagation, recursive, createSource: false };
}

function tmpfsMount(fields: ReadonlyMap<string, string>, target: string, readOnly: boolean): TmpfsMount {
  if (fields.has("source"))
    throw new UsageError(`invalid mount config for type "tmpfs": field Source must not be specified`);
  const data: string[] = [];
  const size = fields.get("tmpfs-size");
  if (size !== undefined) data.push(`size=${parseTmpfsSize(size)}`);
  const mode = fields.get("tmpfs-mode");
  if (mode !== undefined) {
    if (!/^[0-7]{1,5}$/.test(mode)) throw new UsageError(`invalid value for tmpfs-mode: ${mode}`);
    data.push(`mode=${mode}`);
  }
  return { type: "tmpfs", target, readOnly, data: data.join(","), flags: [...TMPFS_DEFAULTS] };
}

function parseTmpfsSize(given: string): number {
  try {
    return parseSize(given);
  } catch (cause) {
    throw new UsageError(`invalid value for tmpfs-size: ${given}`, { cause });
  }
}

const TMPFS_DEFAULTS = ["noexec", "nosuid", "nodev"];

/** Options that switch a mount flag off again. */
const TMPFS_CLEAR: Readonly<Record<string, string>> = {
  exec: "noexec",
  suid: "nosuid",
  dev: "nodev",
  async: "sync",
  atime: "noatime",
  diratime: "nodiratime",
};
const TMPFS_FLAGS =
  "noexec nosuid nodev sync dirsync noatime nodiratime relatime norelatime strictatime nostrictatime".split(
    " ",
  );
const TMPFS_DATA = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"];

/** Reads one `--tmpfs`: `/run[:rw,exec,size=64m,mode=1777]`. */
export function parseTmpfs(given: string): TmpfsMount {
  const colon = given.indexOf(":");
  const target = colon < 0 ? given : given.slice(0, colon);
  checkTarget(target, `invalid tmpfs specification: '${given}'`);
  const flags = new Set(TMPFS_DEFAULTS);
  const data = new Map<string, string>();
  let readOnly = false;
  for (const option of colon < 0 ? [] : given.slice(colon + 1).split(",")) {
    const [name] = splitAtEquals(option);
    if (option === "" || option === "defaults") continue;
    if (option === "ro" || option === "rw") readOnly = option === "ro";
    else if (Object.hasOwn(TMPFS_CLEAR, option)) flags.delete(TMPFS_CLEAR[option]!);
    else if (TMPFS_FLAGS.includes(option)) flags.add(option);
    else if (TMPFS_DATA.includes(name) && option.includes("=")) data.set(name, option);
    else throw new UsageError(`invalid tmpfs option ["${option}"]`);
  }
  return { type: "tmpfs", target, readOnly, data: [...data.values()].join(","), flags: [...flags] };
}

function checkTarget(target: string, context: string): void {
  if (!target.startsWith("/")) {
    throw new UsageError(`${context}: invalid mount path: '${target}' mount path must be absolute`);
  }
  if (resolve(target) === "/")
    throw new UsageError(`${context}: invalid specification: destination can't be '/'`);
}

function isPropagation(text: string): text is Propagation {
  return (PROPAGATIONS as readonly string[]).includes(text);
}

/** Splits one line of CSV; a field may stand in double quotes, with `""` for a quote. */
function splitCsv(line: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^,"]*))(,|$)/y;
  while (pattern.lastIndex < line.length || fields.length === 0) {
    const match = pattern.exec(line);
    if (!match) throw new UsageError(`parse error on line 1: bare " in non-quoted field`);
    fields.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : match[2]!);
    if (match[3] === "") break;
  }
  return fields;
}
