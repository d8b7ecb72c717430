/**
 * Who a container's process runs as: `USER` and `-u` against the image's own passwd(5) and group(5).
 *
 * Pure: the files come as bytes, which the caller has read with a limit. They are written by whoever made the
 * image, so a line that does not parse is skipped and never stands for root.
 */
import { NotFoundError, UsageError } from "../errors.ts";

/** The largest ID; one more is (uid_t) -1, which means "leave it" to the kernel. */
const ID_MAX = 0xffff_fffe;

/** The kernel's limit, NGROUPS_MAX in linux/limits.h. */
const GROUPS_MAX = 65_536;

export interface UserLookup {
  /** As the user or the image wrote it: `""`, `app`, `1000`, `app:staff`, `1000:1000`, `:staff`. */
  readonly user: string;
  /** `--group-add`: names and numbers. */
  readonly groupAdd: readonly string[];
  /** The image's /etc/passwd and /etc/group, `null` where it has none. */
  readonly passwd: Uint8Array | null;
  readonly group: Uint8Array | null;
}

export interface UserIdentity {
  readonly uid: number;
  readonly gid: number;
  /**
   * For setgroups(2), without repetition. The primary group is among them: file permissions would miss it
   * otherwise.
   */
  readonly groups: readonly number[];
  /** For the environment's HOME. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * Finds the IDs, groups and home folder of a user.
 *
 * A number is a number, also when passwd has a user of that name: it is looked up by ID alone, and gets the
 * line's group, home and supplementary groups. With an explicit group the only others are those of
 * `--group-add`, as in docker.
 *
 * @throws {NotFoundError} for a name that the files do not have, in docker's words
 * @throws {UsageError} for a number out of range, or what is neither a number nor a name
 */
export function lookUpUser({ user, groupAdd, passwd, group }: UserLookup): UserIdentity {
  const { userPart, groupPart } = split(user);
  const groups = parseGroup(group);
  const account = findAccount(userPart, passwd);
  let gid = account.gid;
  const others: number[] = [];
  if (groupPart !== "") gid = findGroup(groupPart, groups);
  else if (account.name !== undefined) {
    const { name } = account;
    for (const entry of groups) if (entry.members.includes(name)) others.push(entry.gid);
  }
  for (const name of groupAdd) others.push(findGroup(name, groups));
  const all = [...new Set([gid, ...others])];
  if (all.length > GROUPS_MAX) {
    throw new UsageError(
      `user ${user} is in ${all.length} groups, more than the ${GROUPS_MAX} of the kernel`,
    );
  }
  return { uid: account.uid, gid, groups: all, home: account.home || "/" };
}

function split(user: string): { readonly userPart: string; readonly groupPart: string } {
  const colon = user.indexOf(":");
  if (colon < 0) return { userPart: user, groupPart: "" };
  const groupPart = user.slice(colon + 1);
  if (groupPart.includes(":"))
    throw new UsageError(`invalid user ${JSON.stringify(user)}: more than one ":"`);
  return { userPart: user.slice(0, colon), groupPart };
}

interface Account {
  readonly name?: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

function findAccount(userPart: string, passwd: Uint8Array | null): Account {
  const id = userPart === "" ? 0 : parseId(userPart);
  const entry = parsePasswd(passwd).find(({ uid, name }) =>
    id === undefined ? name === userPart : uid === id,
  );
  if (entry !== undefined) return entry;
  if (id === undefined) {
    throw new NotFoundError(`unable to find user ${userPart}: no matching entries in passwd file`);
  }
  return { uid: id, gid: 0, home: "/" };
}

function findGroup(text: string, groups: readonly GroupEntry[]): number {
  const id = parseId(text);
  if (id !== undefined) return id;
  const entry = groups.find(({ name }) => name === text);
  if (entry === undefined) {
    throw new NotFoundError(`unable to find group ${text}: no matching entries in group file`);
  }
  return entry.gid;
}

/** The number that `text` is; `undefined` when it is a name. */
function parseId(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) {
    const id = Number(text);
    if (id <= ID_MAX) return id;
    throw new UsageError(`invalid ID ${text}: uids and gids must be in range 0-${ID_MAX}`);
  }
  // Neither a number for us nor a name for any tool that makes users: nobody may read it as one or the other.
  if (/^([+-]|0[xX]|\s)|[\s:\0]/.test(text) || text === "") {
    throw new UsageError(`invalid user or group ${JSON.stringify(text)}: neither a name nor a number`);
  }
  return undefined;
}

function parsePasswd(bytes: Uint8Array | null): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name = "", , uidText = "", gidText = "", , home = ""] of lines(bytes)) {
    const uid = entryId(uidText);
    const gid = entryId(gidText);
    if (uid !== undefined && gid !== undefined) entries.push({ name, uid, gid, home });
  }
  return entries;
}

function parseGroup(bytes: Uint8Array | null): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const [name = "", , gidText = "", members = ""] of lines(bytes)) {
    const gid = entryId(gidText);
    if (gid !== undefined) entries.push({ name, gid, members: members.split(",") });
  }
  return entries;
}

function* lines(bytes: Uint8Array | null): Generator<string[]> {
  if (bytes === null) return;
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const text = line.trim();
    if (text !== "" && !text.startsWith("#")) yield text.split(":");
  }
}

function entryId(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : undefined;
}
