import { closeSync, openSync, readSync } from "node:fs";
import { MAX_RESOLV_CONF_BYTES, RESOLVED_UPSTREAM_PATH, usesResolvedStub } from "./resolv-conf.ts";

const RESOLV_CONF_PATH = "/etc/resolv.conf";

/**
 * The host's resolver configuration, as a container in another network namespace can use it.
 *
 * Where systemd-resolved's stub is the only server, that is the file with the servers behind it. A missing file is
 * an empty one: the resolver takes it so too. At most 64 KiB are read.
 */
export function readHostResolvConf(): string {
  const text = readStart(RESOLV_CONF_PATH) ?? "";
  return usesResolvedStub(text) ? (readStart(RESOLVED_UPSTREAM_PATH) ?? text) : text;
}

/** The host's own file, for a container in its network namespace. */
export function readOwnResolvConf(): string {
  return readStart(RESOLV_CONF_PATH) ?? "";
}

function readStart(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
  try {
    const buffer = Buffer.alloc(MAX_RESOLV_CONF_BYTES);
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}
