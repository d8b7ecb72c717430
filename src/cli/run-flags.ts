import { UsageError } from "../errors.ts";
import { parseSize } from "../lib/size.ts";
import { formatPlatform, parsePlatform } from "../spec/platform.ts";
import { bool, type FlagValues, later, list, parseInteger, parseUint16, text, value } from "./flags.ts";
import {
  parseBytesRate,
  parseCpus,
  parseDevice,
  parseDeviceRule,
  parseOperationsRate,
  parseUlimit,
} from "./values/devices.ts";
import { parseEnv, parseLabel } from "./values/environment.ts";
import { parseMount, parseTmpfs, parseVolume } from "./values/mounts.ts";
import {
  parseExtraHost,
  parseNameserver,
  parseNetwork,
  parseSearchDomain,
  parseSysctl,
} from "./values/network.ts";

/** The flags that `run` and `create` share: what the container is, in docker's names. */
export const createFlags = {
  "add-host": list("Add a custom host-to-IP mapping (host:ip)", undefined, parseExtraHost),
  attach: list("Attach to STDIN, STDOUT or STDERR", "a", parseStream),
  "blkio-weight": value(
    "uint16",
    parseUint16,
    "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)",
  ),
  "cap-add": list("Add Linux capabilities"),
  "cap-drop": list("Drop Linux capabilities"),
  cgroupns: text("Cgroup namespace to use (host|private)"),
  cidfile: text("Write the container ID to the file"),
  "cpu-period": value("int", parseInteger, "Limit CPU CFS (Completely Fair Scheduler) period"),
  "cpu-quota": value("int", parseInteger, "Limit CPU CFS (Completely Fair Scheduler) quota"),
  "cpu-shares": value("int", parseInteger, "CPU shares (relative weight)", "c"),
  cpus: value("decimal", parseCpus, "Number of CPUs"),
  "cpuset-cpus": text("CPUs in which to allow execution (0-3, 0,1)"),
  "cpuset-mems": text("MEMs in which to allow execution (0-3, 0,1)"),
  device: list("Add a host device to the container", undefined, parseDevice),
  "device-cgroup-rule": list("Add a rule to the cgroup allowed devices list", undefined, parseDeviceRule),
  "device-read-bps": list("Limit read rate (bytes per second) from a device", undefined, parseBytesRate),
  "device-read-iops": list("Limit read rate (IO per second) from a device", undefined, parseOperationsRate),
  "device-write-bps": list("Limit write rate (bytes per second) to a device", undefined, parseBytesRate),
  "device-write-iops": list("Limit write rate (IO per second) to a device", undefined, parseOperationsRate),
  dns: list("Set custom DNS servers", undefined, parseNameserver),
  "dns-option": list("Set DNS options", undefined, undefined, { otherNames: ["dns-opt"] }),
  "dns-search": list("Set custom DNS search domains", undefined, parseSearchDomain),
  domainname: text("Container NIS domain name"),
  entrypoint: text("Overwrite the default ENTRYPOINT of the image"),
  env: list("Set environment variables", "e", parseEnv),
  "env-file": list("Read in a file of environment variables"),
  "group-add": list("Add additional groups to join"),
  hostname: text("Container host name", "h"),
  init: bool("Run an init inside the container that forwards signals and reaps processes"),
  interactive: bool("Keep STDIN open even if not attached", "i"),
  ipc: text("IPC mode to use"),
  label: list("Set meta data on a container", "l", parseLabel),
  "label-file": list("Read in a line delimited file of labels"),
  "log-driver": text("Logging driver for the container"),
  "log-opt": list("Log driver options"),
  memory: value("bytes", parseSize, "Memory limit", "m"),
  "memory-reservation": value("bytes", parseSize, "Memory soft limit"),
  "memory-swap": value(
    "bytes",
    parseSwap,
    "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
  ),
  mount: list("Attach a filesystem mount to the container", undefined, parseMount, { hint: "mount" }),
  name: text("Assign a name to the container"),
  network: value("network", parseNetwork, "Connect a container to a network", undefined, {
    otherNames: ["net"],
  }),
  "oom-score-adj": value("int", parseInteger, "Tune host's OOM preferences (-1000 to 1000)"),
  pid: text("PID namespace to use"),
  "pids-limit": value("int", parseInteger, "Tune container pids limit (set -1 for unlimited)"),
  platform: value("string", platformText, "Set platform if server is multi-platform capable"),
  privileged: bool("Give extended privileges to this container"),
  pull: text(`Pull image before running ("always", "missing", "never")`, undefined, {
    defaultText: `"missing"`,
  }),
  quiet: bool("Suppress the pull output", "q"),
  "read-only": bool("Mount the container's root filesystem as read only"),
  rm: bool("Automatically remove the container and its associated anonymous volumes when it exits"),
  "security-opt": list("Security Options"),
  "shm-size": value("bytes", parseSize, "Size of /dev/shm"),
  "stop-signal": text("Signal to stop the container"),
  "stop-timeout": value("int", parseInteger, "Timeout (in seconds) to stop a container"),
  sysctl: list("Sysctl options", undefined, parseSysctl, { hint: "map" }),
  tmpfs: list("Mount a tmpfs directory", undefined, parseTmpfs),
  tty: bool("Allocate a pseudo-TTY", "t"),
  ulimit: list("Ulimit options", undefined, parseUlimit, { hint: "ulimit" }),
  user: text("Username or UID (format: <name|uid>[:<group|gid>])", "u"),
  uts: text("UTS namespace to use"),
  volume: list("Bind mount a volume", "v", parseVolume),
  workdir: text("Working directory inside the container", "w"),

  annotation: later("map"),
  "blkio-weight-device": later("list"),
  "cgroup-parent": later("string"),
  "cpu-count": later("int"),
  "cpu-percent": later("int"),
  "cpu-rt-period": later("int"),
  "cpu-rt-runtime": later("int"),
  "disable-content-trust": later("", undefined, ["true", "false"]),
  expose: later("list"),
  gpus: later("gpu-request"),
  "health-cmd": later("string"),
  "health-interval": later("duration"),
  "health-retries": later("int"),
  "health-start-interval": later("duration"),
  "health-start-period": later("duration"),
  "health-timeout": later("duration"),
  "io-maxbandwidth": later("bytes"),
  "io-maxiops": later("uint"),
  ip: later("string"),
  ip6: later("string"),
  isolation: later("string", undefined, ["", "default"]),
  "kernel-memory": later("bytes"),
  link: later("list"),
  "link-local-ip": later("list"),
  "mac-address": later("string"),
  "memory-swappiness": later("int", undefined, ["-1"]),
  "net-alias": later("list"),
  "network-alias": later("list"),
  "no-healthcheck": later("", undefined, ["true", "false"]),
  "oom-kill-disable": later("", undefined, ["false"]),
  publish: later("list", "p"),
  "publish-all": later("", "P", ["false"]),
  restart: later("string", undefined, ["", "no"]),
  runtime: later("string"),
  "storage-opt": later("list"),
  "use-api-socket": later("", undefined, ["false"]),
  userns: later("string", undefined, ["", "host"]),
  "volume-driver": later("string"),
  "volumes-from": later("list"),
};

/** What only `run` has: how it starts and who watches. */
export const runFlags = {
  ...createFlags,
  detach: bool("Run container in background and print container ID", "d"),
  "detach-keys": text("Override the key sequence for detaching a container"),
  "sig-proxy": bool("Proxy received signals to the process", undefined, { initial: true }),
};

export type CreateFlagValues = FlagValues<typeof createFlags>;

export type StreamName = "stdin" | "stdout" | "stderr";

function parseStream(given: string): StreamName {
  const name = given.toLowerCase();
  if (name === "stdin" || name === "stdout" || name === "stderr") return name;
  throw new UsageError("valid streams are STDIN, STDOUT and STDERR");
}

function parseSwap(given: string): number {
  return given === "-1" ? -1 : parseSize(given);
}

function platformText(given: string): string {
  return formatPlatform(parsePlatform(given));
}
