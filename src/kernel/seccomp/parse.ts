import * as v from "valibot";
import { CAPABILITIES } from "../../../ffi/structs/capability.ts";
import { SeccompFlag, SeccompReturn } from "../../../ffi/structs/seccomp.ts";
import { InvalidDataError, UnsupportedError } from "../../errors.ts";
import type { Capability } from "../capabilities.ts";
import type { ArgumentCondition, Circumstances, Comparison, SeccompProfile, SeccompRule } from "./profile.ts";

const EPERM = 1;
/** The most bytes of a profile: docker's own has 17 KB. */
const MAX_BYTES = 1 << 20;

const errno = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4095));
const uint64 = v.pipe(v.number(), v.integer(), v.minValue(0));
const nullable = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));
const strings = v.array(v.string());

const circumstances = v.object({
  arches: nullable(strings),
  caps: nullable(strings),
  minKernel: nullable(v.pipe(v.string(), v.regex(/^\d+\.\d+$/, "must be MAJOR.MINOR"))),
});

const profileSchema = v.object({
  defaultAction: v.string(),
  defaultErrnoRet: nullable(errno),
  architectures: nullable(strings),
  archMap: nullable(v.array(v.object({ architecture: v.string(), subArchitectures: nullable(strings) }))),
  flags: nullable(strings),
  listenerPath: nullable(v.string()),
  syscalls: nullable(
    v.array(
      v.object({
        name: nullable(v.string()),
        names: nullable(strings),
        action: v.string(),
        errnoRet: nullable(errno),
        args: nullable(
          v.array(
            v.nullable(
              v.object({
                index: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5)),
                value: uint64,
                valueTwo: nullable(uint64),
                op: v.string(),
              }),
            ),
          ),
        ),
        includes: nullable(circumstances),
        excludes: nullable(circumstances),
      }),
    ),
  ),
});

type ProfileJson = v.InferOutput<typeof profileSchema>;
type RuleJson = NonNullable<ProfileJson["syscalls"]>[number];

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  SCMP_CMP_NE: "NE",
  SCMP_CMP_LT: "LT",
  SCMP_CMP_LE: "LE",
  SCMP_CMP_EQ: "EQ",
  SCMP_CMP_GE: "GE",
  SCMP_CMP_GT: "GT",
  SCMP_CMP_MASKED_EQ: "MASKED_EQ",
};

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: SeccompReturn.KILL_THREAD,
  SCMP_ACT_KILL_THREAD: SeccompReturn.KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: SeccompReturn.KILL_PROCESS,
  SCMP_ACT_TRAP: SeccompReturn.TRAP,
  SCMP_ACT_ERRNO: SeccompReturn.ERRNO,
  SCMP_ACT_TRACE: SeccompReturn.TRACE,
  SCMP_ACT_LOG: SeccompReturn.LOG,
  SCMP_ACT_ALLOW: SeccompReturn.ALLOW,
};

const FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: SeccompFlag.TSYNC,
  SECCOMP_FILTER_FLAG_LOG: SeccompFlag.LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: SeccompFlag.SPEC_ALLOW,
};

/**
 * Reads a seccomp profile in docker's JSON format.
 *
 * System calls that this version does not know are skipped, as docker does: the profile may be newer.
 *
 * @throws {InvalidDataError} when it is no JSON, or not of that format: names the place
 * @throws {UnsupportedError} for actions and flags that this version does not have
 * @see https://docs.docker.com/engine/security/seccomp/
 */
export function parseProfile(text: string): SeccompProfile {
  const json = readJson(text);
  if (json.listenerPath) throw unsupported("listenerPath");
  if (json.architectures?.length && json.archMap?.length) {
    throw invalid("both 'architectures' and 'archMap' are specified, use either one");
  }
  const mapped = json.archMap?.flatMap(({ architecture, subArchitectures }) => [
    architecture,
    ...(subArchitectures ?? []),
  ]);
  return {
    defaultAction: action(json.defaultAction, json.defaultErrnoRet),
    architectures: mapped ?? json.architectures ?? [],
    flags: (json.flags ?? []).reduce((bits, name) => bits | known(FLAGS, "flag", name), 0),
    rules: (json.syscalls ?? []).map(rule),
  };
}

function readJson(text: string): ProfileJson {
  if (text.length > MAX_BYTES) throw invalid(`it has more than ${MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`it is no JSON (${(cause as Error).message})`, cause);
  }
  const result = v.safeParse(profileSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw invalid(`${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
}

function rule(json: RuleJson): SeccompRule {
  if (json.name && json.names?.length) throw invalid("a rule has both 'name' and 'names', use either one");
  const args = (json.args ?? []).filter((arg) => arg !== null).map(condition);
  return {
    names: json.name ? [json.name] : (json.names ?? []),
    action: action(json.action, json.errnoRet),
    args,
    ...(json.includes && { includes: conditions(json.includes) }),
    ...(json.excludes && { excludes: conditions(json.excludes) }),
  };
}

type ArgJson = NonNullable<NonNullable<RuleJson["args"]>[number]>;

function condition({ index, value, valueTwo, op }: ArgJson): ArgumentCondition {
  return {
    index,
    op: known(COMPARISONS, "comparison", op),
    value: BigInt(value),
    valueTwo: BigInt(valueTwo ?? 0),
  };
}

function conditions(json: NonNullable<RuleJson["includes"]>): Circumstances {
  const [major, minor] = json.minKernel?.split(".").map(Number) ?? [];
  return {
    ...(json.arches && { arches: json.arches }),
    ...(json.caps && { caps: json.caps.map(capability) }),
    ...(major !== undefined && { minKernel: [major, minor!] as const }),
  };
}

function capability(name: string): Capability {
  const found = CAPABILITIES.find((known) => `CAP_${known}` === name);
  if (!found) throw invalid(`no capability is named "${name}"`);
  return found;
}

function action(name: string, errnoRet: number | null | undefined): number {
  if (name === "SCMP_ACT_NOTIFY") throw unsupported(name);
  const value = known(ACTIONS, "action", name);
  // Both carry a number to the caller or the tracer.
  const carries = value === SeccompReturn.ERRNO || value === SeccompReturn.TRACE;
  return carries ? value | (errnoRet ?? EPERM) : value;
}

function known<T>(table: Readonly<Record<string, T>>, kind: string, name: string): T {
  const value = Object.hasOwn(table, name) ? table[name] : undefined;
  if (value === undefined) throw invalid(`no ${kind} is named "${name}"`);
  return value;
}

function invalid(state: string, cause?: unknown): InvalidDataError {
  return new InvalidDataError(`Cannot use the seccomp profile: ${state}`, { cause });
}

function unsupported(what: string): UnsupportedError {
  return new UnsupportedError(`Cannot use the seccomp profile: ${what} is not supported`, {
    hint: "It needs a program that answers for the kernel; choose another action",
  });
}
