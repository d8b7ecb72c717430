import type { DeviceMapping, ThrottleDevice, Ulimit } from "../../container/config.ts";
import { UnsupportedError, UsageError } from "../../errors.ts";
import { parseSize } from "../../lib/size.ts";
import { parseInteger } from "../flags.ts";

const PERMISSIONS = /^[rwm]{1,3}$/;

/** Reads one `--device`: `/dev/sda[:/dev/xvda][:rwm]`. */
export function parseDevice(given: string): DeviceMapping {
  if (!given.startsWith("/") && given.includes("=") && given.includes("/")) {
    throw new UnsupportedError(`--device ${given}: CDI devices are not supported yet`);
  }
  const parts = given.split(":");
  if (parts.length > 3) throw new UsageError(`bad format for path: ${given}`);
  const [hostPath, second, third] = parts as [string, string?, string?];
  const secondIsMode = parts.length === 2 && PERMISSIONS.test(second!);
  const containerPath = second === undefined || secondIsMode ? hostPath : second;
  const permissions = third ?? (secondIsMode ? second! : "rwm");
  for (const path of [hostPath, containerPath]) {
    if (!path.startsWith("/")) throw new UsageError(`${path} is not an absolute path`);
  }
  if (!PERMISSIONS.test(permissions)) throw new UsageError(`bad mode specified: ${permissions}`);
  return { hostPath, containerPath, permissions };
}

/** Reads one `--device-cgroup-rule`: `c 1:3 rwm`. */
export function parseDeviceRule(given: string): string {
  if (!/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(given)) {
    throw new UsageError(`invalid device cgroup format '${given}'`);
  }
  return given;
}

/** Reads one `--device-read-bps`: `/dev/sda:1mb`. */
export function parseBytesRate(given: string): ThrottleDevice {
  const advice =
    "<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb";
  return parseRate(given, parseSize, advice);
}

/** Reads one `--device-read-iops`: `/dev/sda:1000`. */
export function parseOperationsRate(given: string): ThrottleDevice {
  return parseRate(given, parseInteger, "<device-path>:<number>. Number must be a positive integer");
}

function parseRate(given: string, parse: (text: string) => number, advice: string): ThrottleDevice {
  const [path, amount, ...more] = given.split(":");
  if (!path || amount === undefined || more.length > 0) throw new UsageError(`bad format: ${given}`);
  if (!path.startsWith("/dev/")) throw new UsageError(`bad format for device path: ${given}`);
  const wrong = new UsageError(`invalid rate for device: ${given}. The correct format is ${advice}`);
  try {
    const rate = parse(amount);
    if (rate >= 0) return { path, rate };
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
  }
  throw wrong;
}

const LIMITS =
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  );

/** Reads one `--ulimit`: `nofile=1024:2048`; -1 for unlimited. */
export function parseUlimit(given: string): Ulimit {
  const [, name, values] = /^([^=]*)=(.*)$/.exec(given) ?? [];
  if (name === undefined || values === undefined) throw new UsageError(`invalid ulimit argument: ${given}`);
  if (!LIMITS.includes(name)) throw new UsageError(`invalid ulimit type: ${name}`);
  const [softText, hardText, ...more] = values.split(":");
  if (more.length > 0) {
    throw new UsageError(
      `too many limit value arguments - ${values}, can only have up to two, \`soft[:hard]\``,
    );
  }
  const soft = parseInteger(softText!);
  const hard = hardText === undefined ? soft : parseInteger(hardText);
  const wrong = "ulimit soft limit must be less than or equal to hard limit:";
  if (soft === -1 && hard !== -1) throw new UsageError(`${wrong} soft: -1 (unlimited), hard: ${hard}`);
  if (hard !== -1 && soft > hard) throw new UsageError(`${wrong} ${soft} > ${hard}`);
  return { name, soft, hard };
}

/** Reads `--cpus` to billionths of a CPU: `1.5`, `3/2`. */
export function parseCpus(given: string): number {
  const match = /^([+-]?)(?:(\d+)\/(\d+)|(\d*\.?\d*)(?:[eE]([+-]?\d+))?)$/.exec(given);
  if (!match || !/\d/.test(given)) throw new UsageError(`failed to parse ${given} as a rational number`);
  const cpus =
    match[2] !== undefined ? Number(match[2]) / Number(match[3]) : Number(given.replace(/^[+-]/, ""));
  const nano = Math.round(cpus * 1e9);
  if (Math.abs(cpus * 1e9 - nano) > 1e-3) throw new UsageError("value is too precise");
  if (match[1] === "-" && nano > 0) throw new UsageError("value must not be negative");
  return nano;
}
