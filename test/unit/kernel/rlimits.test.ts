import { expect, test } from "bun:test";
import { PermissionError, UsageError } from "../../../src/errors.ts";
import {
  checkRlimits,
  containerRlimits,
  encodeRlimit,
  parseProcLimits,
  parseUlimit,
  readOwnRlimits,
} from "../../../src/kernel/rlimits.ts";

const PROC = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max stack size            8388608              unlimited            bytes     
Max open files            20000                20000                files     
Max nice priority         0                    0                    
`;

test("a ulimit has a soft and a hard value, or one for both", () => {
  expect(parseUlimit("nofile=1024:2048")).toEqual({ name: "nofile", soft: 1024, hard: 2048 });
  expect(parseUlimit("core=-1")).toEqual({ name: "core", soft: -1, hard: -1 });
});

test("what is no ulimit is refused in docker's words", () => {
  const cases: readonly [string, string][] = [
    ["nofile", "invalid ulimit argument: nofile"],
    ["bogus=1", "invalid ulimit type: bogus"],
    ["nofile=1:2:3", "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"],
    ["nofile=5:3", "ulimit soft limit must be less than or equal to hard limit: 5 > 3"],
    [
      "nofile=-1:3",
      "ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: 3",
    ],
    ["nofile=x", "invalid ulimit value: x"],
    ["nofile=", "invalid ulimit value: "],
    ["constructor=1", "invalid ulimit type: constructor"],
  ];
  for (const [text, message] of cases) expect(() => parseUlimit(text)).toThrow(new UsageError(message));
});

test("the table of /proc is read", () => {
  const limits = parseProcLimits(PROC);
  expect([...limits.values()]).toEqual([
    { name: "cpu", soft: -1, hard: -1 },
    { name: "stack", soft: 8388608, hard: -1 },
    { name: "nofile", soft: 20000, hard: 20000 },
    { name: "nice", soft: 0, hard: 0 },
  ]);
  expect(readOwnRlimits().size).toBe(16);
});

test("a container starts with a usual soft limit of open files, unless it asks for another", () => {
  const own = parseProcLimits(PROC);
  expect(containerRlimits([], own)).toEqual([{ name: "nofile", soft: 1024, hard: 20000 }]);
  const asked = { name: "nofile", soft: 5, hard: 6 } as const;
  expect(containerRlimits([asked], own)).toEqual([asked]);
});

test("a hard limit above the own needs CAP_SYS_RESOURCE", () => {
  const own = parseProcLimits(PROC);
  const more = [{ name: "nofile", soft: 1, hard: 20001 }] as const;
  expect(() => checkRlimits(more, own, false)).toThrow(PermissionError);
  expect(() => checkRlimits([{ name: "nofile", soft: -1, hard: -1 }], own, false)).toThrow(PermissionError);
  checkRlimits(more, own, true);
  checkRlimits([{ name: "stack", soft: -1, hard: -1 }], own, false);
});

test("limits go to the kernel by number, unlimited as all ones", () => {
  expect(encodeRlimit({ name: "nofile", soft: 1024, hard: -1 })).toEqual({
    resource: 7,
    soft: 1024n,
    hard: 0xffff_ffff_ffff_ffffn,
  });
});
