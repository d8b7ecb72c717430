import { UnsupportedError, UsageError } from "../../errors.ts";
import { readGivenFile } from "./environment.ts";

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** As HostConfig.seccompProfile. */
  readonly seccompProfile?: string;
  readonly systemPathsUnconfined: boolean;
}

/**
 * Reads all `--security-opt`: `no-new-privileges[=true]`, `seccomp=FILE|unconfined|builtin`, `systempaths=unconfined`, and of
 * AppArmor and SELinux only what switches them off, because that is how containers run here.
 */
export function parseSecurityOptions(given: readonly string[]): SecurityOptions {
  let noNewPrivileges = false;
  let seccompProfile: string | undefined;
  let systemPathsUnconfined = false;
  for (const option of given) {
    const [, name, value] = /^([^=:]*)(?:[=:](.*))?$/s.exec(option) ?? [];
    if (name === "no-new-privileges") noNewPrivileges = readTruth(option, value);
    else if (value === undefined) throw new UsageError(`Invalid --security-opt: ${JSON.stringify(option)}`);
    else if (name === "seccomp") seccompProfile = value === "builtin" ? undefined : readSeccomp(value);
    else if (name === "systempaths") {
      if (value !== "unconfined") throw new UsageError(`Invalid --security-opt: ${JSON.stringify(option)}`);
      systemPathsUnconfined = true;
    } else if (
      !(name === "apparmor" && value === "unconfined") &&
      !(name === "label" && value === "disable")
    ) {
      throw new UnsupportedError(`--security-opt ${option} is not supported yet`);
    }
  }
  return {
    noNewPrivileges,
    systemPathsUnconfined,
    ...(seccompProfile === undefined ? {} : { seccompProfile }),
  };
}

function readTruth(option: string, value: string | undefined): boolean {
  if (value === undefined || value === "true") return true;
  if (value === "false") return false;
  throw new UsageError(`Invalid --security-opt: ${JSON.stringify(option)}`);
}

/** @returns `unconfined`, or the text of the profile file, which is JSON. */
function readSeccomp(value: string): string {
  if (value === "unconfined") return value;
  let text: string;
  try {
    text = Buffer.from(readGivenFile(value)).toString("utf8");
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(`opening seccomp profile (${value}) failed: ${cause.message}`, { cause });
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      `compacting json for seccomp profile (${value}) failed: ${(cause as Error).message}`,
      { cause },
    );
  }
  return text;
}
