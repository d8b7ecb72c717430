import type { ContainerConfig, HostConfig, Mount } from "../container/config.ts";
import { formatIpv4 } from "../lib/ipv4.ts";
import { formatMac, macOf } from "../network/endpoint-names.ts";
import { findContainer } from "../store/containers.ts";
import { findLease, findSubnet } from "../store/leases.ts";
import type { Container, EngineContext } from "./context.ts";
import { reconcile } from "./finish.ts";
import { treeBytes } from "./list.ts";
import { stateName, statusOf } from "./status.ts";

/** Docker's time of something that has not been. */
const NEVER = "0001-01-01T00:00:00Z";

/** Everything about a container, under docker's names and in docker's units. @see Engine API ContainerInspect */
export function inspectContainer(
  context: EngineContext,
  reference: string,
  { size }: { readonly size: boolean },
): Record<string, unknown> {
  reconcile(context);
  const container = findContainer(context.database, reference) as Container;
  const { config, id } = container;
  const paths = context.paths(id);
  const argv = [...config.process.entrypoint, ...config.process.cmd];
  return {
    Id: id,
    Created: container.createdAt,
    Path: argv[0] ?? "",
    Args: argv.slice(1),
    State: stateOf(context, container),
    Image: container.imageId,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: config.host.log.driver === "none" ? "" : paths.log,
    Name: `/${container.name}`,
    RestartCount: 0,
    Driver: "overlay",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: hostConfigOf(config),
    GraphDriver: { Name: "overlay", Data: { UpperDir: paths.upper, WorkDir: paths.work } },
    ...(size ? { SizeRw: treeBytes(paths.upper) } : {}),
    Mounts: config.host.mounts.map(mountPointOf),
    Config: configOf(config),
    NetworkSettings: networkSettingsOf(context, container),
  };
}

function stateOf(context: EngineContext, container: Container): Record<string, unknown> {
  const status = statusOf(context, container);
  const state = stateName(context, container, status);
  return {
    Status: state,
    Running: state === "running" || state === "paused",
    Paused: state === "paused",
    Restarting: false,
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: state === "running" || state === "paused" ? (status.run.init?.pid ?? 0) : 0,
    ExitCode: status.exitCode ?? container.exitCode ?? 0,
    Error: container.error ?? "",
    StartedAt: container.startedAt ?? NEVER,
    FinishedAt: (status.finishedAt ?? container.finishedAt) || NEVER,
  };
}

function configOf({
  process,
  hostname,
  domainname,
  labels,
  image,
  stopSignal,
  stopTimeoutSeconds,
}: ContainerConfig) {
  const listOrNull = (list: readonly string[]) => (list.length > 0 ? list : null);
  return {
    Hostname: hostname,
    Domainname: domainname,
    User: process.user,
    AttachStdin: process.stdinOnce,
    AttachStdout: process.stdinOnce,
    AttachStderr: process.stdinOnce,
    Tty: process.tty,
    OpenStdin: process.openStdin,
    StdinOnce: process.stdinOnce,
    Env: process.env,
    Cmd: listOrNull(process.cmd),
    Image: image,
    Volumes: null,
    WorkingDir: process.workingDir,
    Entrypoint: listOrNull(process.entrypoint),
    OnBuild: null,
    Labels: labels,
    StopSignal: stopSignal,
    StopTimeout: stopTimeoutSeconds,
  };
}

function hostConfigOf({ host }: ContainerConfig): Record<string, unknown> {
  const { resources: r, log } = host;
  const throttles = (list: typeof r.deviceReadBps) =>
    list?.map(({ path, rate }) => ({ Path: path, Rate: rate })) ?? null;
  const logOptions = { "max-size": String(log.maxSizeBytes), "max-file": String(log.maxFiles) };
  return {
    Binds: host.mounts.flatMap((mount) => bindText(mount)),
    LogConfig: { Type: log.driver, Config: log.driver === "none" ? {} : logOptions },
    NetworkMode: host.networkMode,
    PortBindings: {},
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: host.autoRemove,
    CapAdd: host.capAdd.length > 0 ? host.capAdd : null,
    CapDrop: host.capDrop.length > 0 ? host.capDrop : null,
    CgroupnsMode: host.cgroupnsMode,
    Dns: host.dns,
    DnsOptions: host.dnsOptions,
    DnsSearch: host.dnsSearch,
    ExtraHosts: host.extraHosts.length > 0 ? host.extraHosts : null,
    GroupAdd: host.groupAdd.length > 0 ? host.groupAdd : null,
    IpcMode: host.ipcMode,
    OomScoreAdj: r.oomScoreAdj ?? 0,
    PidMode: host.pidMode === "private" ? "" : host.pidMode,
    Privileged: host.privileged,
    PublishAllPorts: false,
    ReadonlyRootfs: host.readOnlyRootfs,
    SecurityOpt: securityOptions(host),
    UTSMode: host.utsMode === "private" ? "" : host.utsMode,
    ShmSize: host.shmSizeBytes,
    Sysctls: host.sysctls,
    Runtime: "mini-docker",
    Tmpfs: Object.fromEntries(
      host.mounts.flatMap((mount) => (mount.type === "tmpfs" ? [[mount.target, mount.data]] : [])),
    ),
    CpuShares: r.cpuShares ?? 0,
    Memory: r.memoryBytes ?? 0,
    NanoCpus: r.nanoCpus ?? 0,
    CgroupParent: "",
    BlkioWeight: r.blkioWeight ?? 0,
    BlkioDeviceReadBps: throttles(r.deviceReadBps),
    BlkioDeviceWriteBps: throttles(r.deviceWriteBps),
    BlkioDeviceReadIOps: throttles(r.deviceReadIops),
    BlkioDeviceWriteIOps: throttles(r.deviceWriteIops),
    CpuPeriod: r.cpuPeriodMicros ?? 0,
    CpuQuota: r.cpuQuotaMicros ?? 0,
    CpusetCpus: r.cpusetCpus ?? "",
    CpusetMems: r.cpusetMems ?? "",
    Devices: (r.devices ?? []).map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: r.deviceCgroupRules ?? null,
    MemoryReservation: r.memoryReservationBytes ?? 0,
    MemorySwap: r.memorySwapBytes ?? (r.memoryBytes ? r.memoryBytes * 2 : 0),
    PidsLimit: r.pidsLimit ?? null,
    Ulimits: (r.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    Init: host.init,
  };
}

function securityOptions({
  noNewPrivileges,
  seccompProfile,
  systemPathsUnconfined,
}: HostConfig): string[] | null {
  const list = [
    ...(noNewPrivileges ? ["no-new-privileges"] : []),
    ...(seccompProfile === undefined ? [] : [`seccomp=${seccompProfile}`]),
    ...(systemPathsUnconfined ? ["systempaths=unconfined"] : []),
  ];
  return list.length > 0 ? list : null;
}

function bindText(mount: Mount): string[] {
  if (mount.type !== "bind") return [];
  return [`${mount.source}:${mount.target}${mount.readOnly ? ":ro" : ""}`];
}

function mountPointOf(mount: Mount): Record<string, unknown> {
  const isBind = mount.type === "bind";
  return {
    Type: mount.type,
    Source: isBind ? mount.source : "",
    Destination: mount.target,
    Mode: "",
    RW: !mount.readOnly,
    Propagation: isBind ? mount.propagation : "",
  };
}

function networkSettingsOf({ database }: EngineContext, { id, config }: Container): Record<string, unknown> {
  const { networkMode } = config.host;
  if (networkMode.startsWith("container:")) return { Networks: {}, Ports: {} };
  const address = findLease(database, "bridge", id);
  const subnet = address === undefined ? undefined : findSubnet(database, "bridge");
  const endpoint = {
    IPAddress: address === undefined ? "" : formatIpv4(address),
    IPPrefixLen: subnet?.prefixLength ?? 0,
    Gateway: subnet === undefined ? "" : formatIpv4(subnet.base + 1),
    MacAddress: address === undefined ? "" : formatMac(macOf(address)),
  };
  return { ...endpoint, Ports: {}, Networks: { [networkMode]: endpoint } };
}
