import { statSync } from "node:fs";
import { normalize } from "node:path";
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

/** Files of /proc that describe the machine and may be replaced, by the list of the OCI runtimes. */
const REPLACEABLE_PROC = new Set(
  [
    ...["cpuinfo", "diskstats", "loadavg", "meminfo", "slabinfo", "stat", "swaps", "uptime", "net/dev"],
    ...["sys/kernel/ns_last_pid", "sys/crypto/fips_enabled"],
  ].map((name) => `/proc/${name}`),
);

/** Whether a path is one of procfs that must stay real, since it is masked, made read-only or written there. */
export function isKeptProc(target: string): boolean {
  const path = normalize(target).replace(/\/$/, "");
  return (path === "/proc" || path.startsWith("/proc/")) && !REPLACEABLE_PROC.has(path);
}
