import { readFileSync } from "node:fs";
import { EngineError } from "../errors.ts";
import { readBoundingMask, resolveCapabilities } from "../kernel/capabilities.ts";
import type { Identity } from "../kernel/launch/sequences/identity.ts";
import { checkRlimits, containerRlimits, readOwnRlimits } from "../kernel/rlimits.ts";
import { seccompFilter } from "../kernel/seccomp/filter.ts";
import type { HostConfig } from "./config.ts";
import { readImageFile } from "./image-files.ts";
import { askedRlimits } from "./limits.ts";
import { lookUpUser, type UserIdentity } from "./user-lookup.ts";

/** Files of more than this are not those of a machine's users: what an image makes the engine read has an end. */
const ACCOUNT_FILE_BYTES_MAX = 16 * 1024 * 1024;
const SYS_RESOURCE = 1n << 24n;

/** The bytes of the container's /etc/passwd and /etc/group; `null` where it has none. */
export interface AccountFiles {
  readonly passwd: Uint8Array | null;
  readonly group: Uint8Array | null;
}

/** Reads the account files through the layers of a container that does not run, its upper folder first. */
export function readAccountFiles(layers: readonly string[]): AccountFiles {
  return {
    passwd: readImageFile(layers, "/etc/passwd", ACCOUNT_FILE_BYTES_MAX),
    group: readImageFile(layers, "/etc/group", ACCOUNT_FILE_BYTES_MAX),
  };
}

export interface IdentityRequest {
  readonly user: string;
  readonly host: HostConfig;
  readonly accounts: AccountFiles;
}

/**
 * Decides what the container's process may be and do.
 *
 * @throws {NotFoundError | UsageError} for a user, capability or limit that cannot be
 */
export async function processIdentity(
  request: IdentityRequest,
): Promise<{ identity: Identity; home: string }> {
  const { user, host, accounts } = request;
  const account: UserIdentity = lookUpUser({ user, groupAdd: host.groupAdd, ...accounts });
  const bounding = readBoundingMask();
  const capabilities = resolveCapabilities(
    { add: host.capAdd, drop: host.capDrop, privileged: host.privileged },
    bounding,
  );
  const asked = askedRlimits(host.resources);
  const own = readOwnRlimits();
  checkRlimits(asked, own, (bounding & SYS_RESOURCE) !== 0n);
  const filter = await filterFor(host, capabilities);
  const identity: Identity = {
    uid: account.uid,
    gid: account.gid,
    groups: account.groups,
    capabilities,
    lastCapability: lastCapability(),
    noNewPrivileges: host.noNewPrivileges,
    rlimits: containerRlimits(asked, own),
    ...(filter ? { seccompFilter: filter } : {}),
  };
  return { identity, home: account.home };
}

async function filterFor(host: HostConfig, capabilities: bigint) {
  const { seccompProfile } = host;
  if (seccompProfile === "unconfined" || (host.privileged && seccompProfile === undefined)) return undefined;
  return await seccompFilter(capabilities, seccompProfile);
}

/** The highest capability that this kernel knows. @see capabilities(7) */
function lastCapability(): number {
  const text = readFileSync("/proc/sys/kernel/cap_last_cap", "utf8");
  const number = Number(text);
  if (!Number.isInteger(number))
    throw new EngineError(`Cannot read /proc/sys/kernel/cap_last_cap: "${text}"`);
  return number;
}
