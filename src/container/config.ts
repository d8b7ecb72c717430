/**
 * What a container is, before it has ever run: the nouns that the command line asks for and the store keeps.
 *
 * Everything here is plain data and survives JSON. Paths are absolute; sizes are bytes; times are ISO 8601 in UTC.
 */

/** Limits and device rules, in docker's units. A field left out means "the kernel's default". */
export interface Resources {
  readonly memoryBytes?: number;
  /** Memory plus swap, as docker counts it; -1 for unlimited swap. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  /** `--cpus` in billionths of a CPU. Excludes quota and period. */
  readonly nanoCpus?: number;
  readonly cpuShares?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  /** A list in cpuset(7) format, `0-2,4`. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 or 0 for unlimited. */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly deviceReadBps?: readonly ThrottleDevice[];
  readonly deviceWriteBps?: readonly ThrottleDevice[];
  readonly deviceReadIops?: readonly ThrottleDevice[];
  readonly deviceWriteIops?: readonly ThrottleDevice[];
  readonly devices?: readonly DeviceMapping[];
  /** Rules of the form `c 1:3 rwm`. */
  readonly deviceCgroupRules?: readonly string[];
  readonly ulimits?: readonly Ulimit[];
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
}

export interface ThrottleDevice {
  /** A block device of the host, `/dev/sda`. */
  readonly path: string;
  /** Bytes, or operations, a second. */
  readonly rate: number;
}

export interface DeviceMapping {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Some of `rwm`: read, write, mknod. */
  readonly permissions: string;
}

export interface Ulimit {
  /** The limit's name without RLIMIT_, lower case: `nofile`. */
  readonly name: string;
  /** -1 for unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface BindMount {
  readonly type: "bind";
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation: "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";
  /** Whether mounts below the source come along (rbind). */
  readonly recursive: boolean;
  /** `-v` makes a missing source folder as docker does; `--mount` refuses it. */
  readonly createSource: boolean;
}

export interface TmpfsMount {
  readonly type: "tmpfs";
  readonly target: string;
  readonly readOnly: boolean;
  /** Mount data as tmpfs(5) has it, `size=64m,mode=1777`. */
  readonly data: string;
  /** Mount flags by name: `noexec nosuid nodev …`. */
  readonly flags: readonly string[];
}

export type Mount = BindMount | TmpfsMount;

/** `--network`: the default bridge, nothing but loopback, the host's own, or that of another container (full ID). */
export type NetworkMode = "bridge" | "none" | "host" | `container:${string}`;

export interface HostConfig {
  readonly resources: Resources;
  readonly networkMode: NetworkMode;
  readonly mounts: readonly Mount[];
  readonly readOnlyRootfs: boolean;
  readonly privileged: boolean;
  readonly init: boolean;
  readonly autoRemove: boolean;
  readonly noNewPrivileges: boolean;
  /** Names without CAP_, upper case; `ALL` for all. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** `undefined`: the default filter; `"unconfined"`: none; otherwise the text of a docker seccomp profile. */
  readonly seccompProfile?: string;
  readonly systemPathsUnconfined: boolean;
  readonly groupAdd: readonly string[];
  readonly shmSizeBytes: number;
  /** Namespace sysctls, `kernel.msgmax` to value. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly pidMode: "private" | "host";
  readonly ipcMode: "private" | "host";
  readonly utsMode: "private" | "host";
  readonly cgroupnsMode: "private" | "host";
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** `name:address` lines for /etc/hosts. */
  readonly extraHosts: readonly string[];
  readonly log: LogConfig;
}

export interface LogConfig {
  readonly driver: "cri" | "none";
  readonly maxSizeBytes: number;
  readonly maxFiles: number;
}

/** The process to run, resolved against the image: nothing is left to default. */
export interface ProcessConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` pairs, later ones win. */
  readonly env: readonly string[];
  readonly workingDir: string;
  /** As the user or the image wrote it: `""`, `1000`, `app:staff`. */
  readonly user: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** Close the container's stdin when the first attached client's input ends. */
  readonly stdinOnce: boolean;
}

export interface ContainerConfig {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** The reference as the user wrote it. */
  readonly image: string;
  /** The image's ID, `sha256:…` of its config, or `dir:/PATH`. */
  readonly imageId: string;
  readonly process: ProcessConfig;
  readonly hostname: string;
  readonly domainname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A signal's name, `SIGTERM`. */
  readonly stopSignal: string;
  readonly stopTimeoutSeconds: number;
  readonly host: HostConfig;
}

/** What `run` and `create` ask for: the configuration before the image has filled its gaps. */
export interface CreateRequest {
  readonly image: string;
  readonly name?: string;
  /** `undefined` keeps the image's; `[]` clears it. */
  readonly entrypoint?: readonly string[];
  /** Empty keeps the image's command. */
  readonly cmd: readonly string[];
  /** `NAME=value`, or `NAME` to take the caller's value. */
  readonly env: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal?: string;
  readonly stopTimeoutSeconds?: number;
  readonly pull: "always" | "missing" | "never";
  /** `os/arch[/variant]`. */
  readonly platform?: string;
  readonly host: HostConfig;
}
