import { existsSync } from "node:fs";
import type { CreateRequest, HostConfig, Resources } from "../container/config.ts";
import { UnsupportedError, UsageError } from "../errors.ts";
import { parseSignal, signalName } from "../container/signals.ts";
import type { CreateFlagValues } from "./run-flags.ts";
import { parseLabel, readEnvFile, readLabelFile } from "./values/environment.ts";
import { parseLogOptions } from "./values/log-options.ts";
import { parseSecurityOptions } from "./values/security.ts";

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/**
 * Turns the flags and operands of `run` and `create` into what the engine is asked for.
 *
 * Everything that can be wrong in itself is found here, before anything is opened or made.
 *
 * @param detached whether nobody will be attached, so that an open stdin stays open.
 * @throws {UsageError} in docker's words · {UnsupportedError} for what this version does not do.
 */
export function createRequest(
  flags: CreateFlagValues,
  operands: readonly string[],
  options: { readonly detached: boolean },
): CreateRequest {
  const [image, ...cmd] = operands as [string, ...string[]];
  checkCidFile(flags.cidfile);
  const attachesInput = flags.attach.length === 0 || flags.attach.includes("stdin");
  return withoutUndefined<CreateRequest>({
    image,
    name: parseName(flags.name),
    entrypoint:
      flags.entrypoint === undefined ? undefined : flags.entrypoint === "" ? [] : [flags.entrypoint],
    cmd,
    env: [...flags["env-file"].flatMap(readEnvFile), ...flags.env],
    workingDir: flags.workdir,
    user: flags.user,
    tty: flags.tty,
    openStdin: flags.interactive,
    stdinOnce: flags.interactive && !options.detached && attachesInput,
    hostname: flags.hostname,
    domainname: flags.domainname,
    labels: Object.fromEntries([
      ...flags["label-file"].flatMap(readLabelFile).map(parseLabel),
      ...flags.label,
    ]),
    stopSignal:
      flags["stop-signal"] === undefined ? undefined : signalName(parseSignal(flags["stop-signal"])),
    stopTimeoutSeconds: flags["stop-timeout"],
    pull: parsePull(flags.pull ?? "missing"),
    platform: flags.platform,
    host: hostConfig(flags),
  });
}

function hostConfig(flags: CreateFlagValues): HostConfig {
  return {
    resources: resources(flags),
    networkMode: flags.network ?? "bridge",
    mounts: [...flags.volume, ...flags.mount, ...flags.tmpfs],
    readOnlyRootfs: flags["read-only"],
    privileged: flags.privileged,
    init: flags.init,
    autoRemove: flags.rm,
    capAdd: flags["cap-add"].map(capabilityName),
    capDrop: flags["cap-drop"].map(capabilityName),
    ...parseSecurityOptions(flags["security-opt"]),
    groupAdd: flags["group-add"],
    shmSizeBytes: flags["shm-size"] || DEFAULT_SHM_BYTES,
    sysctls: Object.fromEntries(flags.sysctl),
    pidMode: parseNamespace("pid", "PID", flags.pid),
    ipcMode: parseNamespace("ipc", "IPC", flags.ipc),
    utsMode: parseNamespace("uts", "UTS", flags.uts),
    cgroupnsMode: parseNamespace("cgroupns", "CGROUP", flags.cgroupns),
    dns: flags.dns,
    dnsSearch: flags["dns-search"],
    dnsOptions: flags["dns-option"],
    extraHosts: flags["add-host"],
    log: parseLogOptions(flags["log-driver"] ?? "", flags["log-opt"]),
  };
}

function resources(flags: CreateFlagValues): Resources {
  const weight = flags["blkio-weight"] || undefined;
  if (weight !== undefined && (weight < 10 || weight > 1000)) {
    throw new UsageError("Range of blkio weight is from 10 to 1000");
  }
  const oomScoreAdj = flags["oom-score-adj"];
  if (oomScoreAdj !== undefined && Math.abs(oomScoreAdj) > 1000) {
    throw new UsageError(`Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  if (flags.cpus && (flags["cpu-quota"] || flags["cpu-period"])) {
    const other = flags["cpu-period"] ? "CPU Period" : "CPU Quota";
    throw new UsageError(`Conflicting options: Nano CPUs and ${other} cannot both be set.`);
  }
  // Zero means "no limit" throughout, as in docker; so it is left out.
  return withoutUndefined<Resources>({
    memoryBytes: flags.memory || undefined,
    memorySwapBytes: flags["memory-swap"] || undefined,
    memoryReservationBytes: flags["memory-reservation"] || undefined,
    nanoCpus: flags.cpus || undefined,
    cpuShares: flags["cpu-shares"] || undefined,
    cpuQuotaMicros: flags["cpu-quota"] || undefined,
    cpuPeriodMicros: flags["cpu-period"] || undefined,
    cpusetCpus: flags["cpuset-cpus"] || undefined,
    cpusetMems: flags["cpuset-mems"] || undefined,
    pidsLimit: flags["pids-limit"] || undefined,
    blkioWeight: weight,
    deviceReadBps: someOrNone(flags["device-read-bps"]),
    deviceWriteBps: someOrNone(flags["device-write-bps"]),
    deviceReadIops: someOrNone(flags["device-read-iops"]),
    deviceWriteIops: someOrNone(flags["device-write-iops"]),
    devices: someOrNone(flags.device),
    deviceCgroupRules: someOrNone(flags["device-cgroup-rule"]),
    ulimits: someOrNone(flags.ulimit),
    oomScoreAdj,
  });
}

/** docker's rule, except that one character is enough. */
function parseName(given: string | undefined): string | undefined {
  const name = given?.replace(/^\//, "");
  if (name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new UsageError(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name;
}

function parsePull(given: string): CreateRequest["pull"] {
  if (given === "always" || given === "missing" || given === "never") return given;
  throw new UsageError(`invalid pull option: '${given}': must be one of "always", "missing" or "never"`);
}

function parseNamespace(flag: string, kind: string, given: string | undefined): "private" | "host" {
  if (given === undefined || given === "" || given === "private") return "private";
  if (given === "host") return given;
  const known = given === "shareable" || given === "none" || /^container:./.test(given);
  if (known && (flag === "pid" || flag === "ipc"))
    throw new UnsupportedError(`--${flag} ${given} is not supported yet`);
  throw new UsageError(`--${flag}: invalid ${kind} mode`);
}

function capabilityName(given: string): string {
  return given.toUpperCase().replace(/^CAP_/, "");
}

function checkCidFile(path: string | undefined): void {
  if (path !== undefined && existsSync(path)) {
    throw new UsageError(
      `container ID file found, make sure the other container isn't running or delete ${path}`,
    );
  }
}

function someOrNone<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

/** Drops the keys without a value, which is how optional fields are left out. */
function withoutUndefined<T>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, given]) => given !== undefined)) as T;
}
