import { statSync } from "node:fs";
import type { MaskedPath } from "./plan.ts";

/** What /proc and /sys show of the machine beyond the container; docker's list, and the side channels it names. */
const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** What can be looked at but not changed; docker's list. */
export const READ_ONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/** The masked paths that this kernel has. A container runs on the same kernel, so its /proc has the same ones. */
export function maskedPaths(): MaskedPath[] {
  return [...MASKED_PATHS, ...thermalThrottlePaths()].flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [{ path, kind: stat.isDirectory() ? "folder" : "file" } as const] : [];
  });
}

/** One folder a CPU; a machine has them all or none. */
function thermalThrottlePaths(): string[] {
  const path = (cpu: number) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`;
  if (!statSync(path(0), { throwIfNoEntry: false })) return [];
  return Array.from({ length: navigator.hardwareConcurrency }, (_, cpu) => path(cpu));
}
