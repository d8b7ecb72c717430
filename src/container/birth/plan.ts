import type { Identity } from "../../kernel/launch/sequences/identity.ts";
import type { TerminalSize } from "../../kernel/launch/sequences/pty.ts";
import type { Mount } from "../config.ts";

/**
 * Everything a container's birth depends on, decided: which folders, which devices, which user.
 *
 * Writing the program from it is pure; whatever has to be looked up on the host was looked up to make this.
 */
export interface BirthPlan {
  readonly id: string;
  readonly rootfs: RootfsPlan;
  readonly namespaces: NamespacePlan;
  readonly cgroup: CgroupPlan;
  readonly hostname?: string;
  readonly domainname?: string;
  /** Sysctls of the container's own namespaces, by their paths below /proc/sys: `net/core/somaxconn`. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly devices: readonly DeviceNode[];
  readonly shmSizeBytes: number;
  /** Paths below /proc and /sys to cover, and what they are on this kernel. */
  readonly maskedPaths: readonly MaskedPath[];
  readonly readOnlyPaths: readonly string[];
  /** /sys and the cgroup tree can be written. */
  readonly writableSystem: boolean;
  /** The engine's files for the container, by the paths where they appear: `/etc/hosts`. */
  readonly files: readonly EngineFile[];
  readonly mounts: readonly PlannedMount[];
  /** A netlink request that brings the loopback device up, for a network namespace that nobody else sets up. */
  readonly loopbackRequest?: Uint8Array;
  /** -1000 to 1000, or nothing to keep the engine's. */
  readonly oomScoreAdj?: number;
  readonly terminal?: { readonly size?: TerminalSize };
  /** Files of version 1's named hierarchy in which the shim puts itself, so that the end of a session does not end it. */
  readonly shimJoinPaths?: readonly string[];
  readonly process: ProcessPlan;
}

export interface RootfsPlan {
  /** The read-only layers, top first, as absolute paths or relative to `directory`. */
  readonly layers: readonly string[];
  /** The folder relative to which the paths are short enough for mount(2)'s one page of options. */
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  /** Any folder of the host: the root is mounted there in the container's own mount namespace. */
  readonly mountPoint: string;
  /** Whether writes may be lost in a power cut: for containers that go with their end. */
  readonly volatile: boolean;
  /** Device nodes outside /dev do not work: for machines that cannot filter devices. */
  readonly noDevices: boolean;
  readonly readOnly: boolean;
  /** Folders that are covered by an empty one, where they exist. */
  readonly hidden: readonly string[];
}

export interface NamespacePlan {
  readonly pid: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
  readonly cgroup: boolean;
  readonly time: boolean;
  /** `join` goes by the path of a network namespace, /proc/PID/ns/net. */
  readonly network:
    { readonly kind: "new" } | { readonly kind: "host" } | { readonly kind: "join"; readonly path: string };
}

export interface CgroupPlan {
  /** Files that the process writes itself into, cgroup version 1. */
  readonly joinPaths: readonly string[];
  /** Whether version 2's tree is what /sys/fs/cgroup shows. */
  readonly unified: boolean;
  /** Version 1 hierarchies as cgroup mount options, and the folder's name: `cpu,cpuacct`. */
  readonly hierarchies: readonly string[];
}

export interface DeviceNode {
  /** Absolute, below /dev or elsewhere. */
  readonly path: string;
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface MaskedPath {
  readonly path: string;
  readonly kind: "file" | "folder";
}

export interface EngineFile {
  readonly source: string;
  readonly target: string;
}

export type PlannedMount = Mount & { readonly targetKind: "file" | "folder" };

export interface ProcessPlan {
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly workingDir: string;
  /** Files to execute, in the order in which they are tried. */
  readonly candidates: readonly string[];
  readonly identity: Identity;
  /** Whether a small init stays as process 1. */
  readonly init: boolean;
}
