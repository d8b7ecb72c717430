import { existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError, UsageError } from "../errors.ts";

/** A device as its node names it: kind, and the numbers by which the kernel finds it. */
export interface DeviceNumber {
  readonly kind: "b" | "c";
  readonly major: number;
  readonly minor: number;
}

/**
 * The device behind a node of the host; symbolic links are followed.
 *
 * @throws {NotFoundError} when nothing is there
 * @throws {UsageError} when it is no device
 */
export function readDeviceNode(path: string): DeviceNumber {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new NotFoundError(`Cannot use the device "${path}": no such file or directory`);
  if (!stat.isBlockDevice() && !stat.isCharacterDevice()) {
    throw new UsageError(`Cannot use the device "${path}": not a device node`);
  }
  return { kind: stat.isBlockDevice() ? "b" : "c", ...splitDeviceNumber(BigInt(stat.rdev)) };
}

/** A device with what its node on the host says of owner and rights. */
export interface DeviceEntry extends DeviceNumber {
  /** Below the path that was asked for; empty for the path itself. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The device behind a node of the host, or all devices below a folder such as /dev/snd.
 *
 * @throws {NotFoundError} when nothing is there
 * @throws {UsageError} when it is no device, or a folder that has none
 */
export function readDevices(path: string): DeviceEntry[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return [entry("", readDeviceNode(path), statSync(path))];
  const entries = devicesBelow(path, "");
  if (entries.length > 0) return entries;
  throw new UsageError(`Cannot use the device "${path}": a folder without devices`);
}

/** Links are left out: below a folder they are second names, or lead out of it. */
function devicesBelow(top: string, folder: string): DeviceEntry[] {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((found) => {
    const name = join(folder, found.name);
    if (found.isDirectory()) return devicesBelow(top, name);
    if (!found.isBlockDevice() && !found.isCharacterDevice()) return [];
    const path = join(top, name);
    return [entry(name, readDeviceNode(path), statSync(path))];
  });
}

function entry(name: string, number: DeviceNumber, { mode, uid, gid }: Stats): DeviceEntry {
  return { name, ...number, mode: mode & 0o7777, uid, gid };
}

/** Whether a block device is a part of a disk: what is done on it counts for the disk. */
export function isPartition({ major, minor }: DeviceNumber): boolean {
  return existsSync(`/sys/dev/block/${major}:${minor}/partition`);
}

/** Major and minor of a dev_t, as glibc and musl pack them. @see makedev(3) */
export function splitDeviceNumber(device: bigint): { readonly major: number; readonly minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n);
  return { major: Number(major), minor: Number(minor) };
}
