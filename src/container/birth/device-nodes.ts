import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DeviceEntry, readDevices, splitDeviceNumber } from "../../kernel/device-node.ts";
import type { HostConfig } from "../config.ts";
import type { DeviceNode } from "./plan.ts";

const device = (path: string, major: number, minor: number): DeviceNode => {
  return { path, type: "c", major, minor, mode: 0o666, uid: 0, gid: 0 };
};

/** What every container has in /dev. @see OCI runtime spec, config-linux.md "Default Devices" */
const DEFAULT_DEVICES: readonly DeviceNode[] = [
  device("/dev/null", 1, 3),
  device("/dev/zero", 1, 5),
  device("/dev/full", 1, 7),
  device("/dev/random", 1, 8),
  device("/dev/urandom", 1, 9),
  device("/dev/tty", 5, 0),
];

/** Folders of /dev that are file systems of their own, in the host and in the container. */
const NOT_DEVICES = new Set(["pts", "shm", "mqueue", "hugepages", "fd", "console", "ptmx", ".udev", ".lxc"]);

/**
 * The nodes a container starts with: the usual ones, those asked for with `--device`, and with `--privileged` all that
 * the host has.
 *
 * @throws {NotFoundError} for a device that the host does not have
 */
export function deviceNodes({ resources, privileged }: HostConfig): DeviceNode[] {
  const mapped = (resources.devices ?? []).flatMap(({ hostPath, containerPath }) =>
    readDevices(hostPath).map((entry) => nodeAt(join(containerPath, entry.name), entry)),
  );
  const all = [...DEFAULT_DEVICES, ...(privileged ? hostDevices("/dev") : []), ...mapped];
  return [...new Map(all.map((node) => [node.path, node])).values()];
}

function nodeAt(path: string, { kind, major, minor, mode, uid, gid }: DeviceEntry): DeviceNode {
  return { path, type: kind, major, minor, mode, uid, gid };
}

function hostDevices(folder: string): DeviceNode[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (folder === "/dev" && NOT_DEVICES.has(entry.name)) return [];
    if (entry.isDirectory()) return hostDevices(path);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    const { mode, uid, gid, rdev } = statSync(path);
    const type = entry.isBlockDevice() ? "b" : "c";
    return [{ path, type, ...splitDeviceNumber(BigInt(rdev)), mode: mode & 0o7777, uid, gid } as const];
  });
}
