import { describe, expect, test } from "bun:test";
import { lookUpUser, type UserLookup } from "../../../src/container/user-lookup.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const passwd = bytes(`root:x:0:0:root:/root:/bin/sh
# a comment
broken line
app:x:1000:1001:App:/home/app:/bin/sh
2000:x:0:0:a number as a name:/root:/bin/sh
nohome:x:3000:3000::
zero:x:not a number:0::/:
`);
const group = bytes(`root:x:0:
wheel:x:10:app,root
staff:x:50:app
app:x:1001:
1234:x:0:app2
video:x:44:
`);

const look = (user: string, others: Partial<UserLookup> = {}) =>
  lookUpUser({ user, groupAdd: [], passwd, group, ...others });

describe("lookUpUser()", () => {
  test.each([
    ["", { uid: 0, gid: 0, groups: [0, 10], home: "/root" }],
    ["app", { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" }],
    ["1000", { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" }],
    ["1000:", { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" }],
    ["app:staff", { uid: 1000, gid: 50, groups: [50], home: "/home/app" }],
    ["app:7", { uid: 1000, gid: 7, groups: [7], home: "/home/app" }],
    [":staff", { uid: 0, gid: 50, groups: [50], home: "/root" }],
    ["4242", { uid: 4242, gid: 0, groups: [0], home: "/" }],
    ["4242:4243", { uid: 4242, gid: 4243, groups: [4243], home: "/" }],
    ["0000", { uid: 0, gid: 0, groups: [0, 10], home: "/root" }],
    ["nohome", { uid: 3000, gid: 3000, groups: [3000], home: "/" }],
    ["4294967294", { uid: 4294967294, gid: 0, groups: [0], home: "/" }],
  ])("reads %j", (user, identity) => {
    expect(look(user)).toEqual(identity);
  });

  test("CVE-2026-46680: a number is never looked up as a name", () => {
    expect(look("2000")).toEqual({ uid: 2000, gid: 0, groups: [0], home: "/" });
    expect(look("app:1234").gid).toBe(1234);
  });

  test("CVE-2022-36109: the primary group is among the groups, with those of --group-add", () => {
    expect(look("1000:2000", { groupAdd: ["3000"] }).groups).toEqual([2000, 3000]);
    expect(look("app", { groupAdd: ["video", "10", "44"] }).groups).toEqual([1001, 10, 50, 44]);
  });

  test("works on numbers without the image's files", () => {
    expect(look("1000:1000", { passwd: null, group: null })).toEqual({
      uid: 1000,
      gid: 1000,
      groups: [1000],
      home: "/",
    });
    expect(look("", { passwd: null, group: null })).toEqual({ uid: 0, gid: 0, groups: [0], home: "/" });
  });

  test.each([
    ["nobody", {}, "unable to find user nobody: no matching entries in passwd file"],
    ["app", { passwd: null }, "unable to find user app: no matching entries in passwd file"],
    ["zero", {}, "unable to find user zero: no matching entries in passwd file"],
    ["app:nogroup", {}, "unable to find group nogroup: no matching entries in group file"],
    ["app", { groupAdd: ["nogroup"] }, "unable to find group nogroup: no matching entries in group file"],
    ["4294967295", {}, "uids and gids must be in range"],
    ["4294967296", {}, "uids and gids must be in range"],
    ["1:99999999999999999999", {}, "uids and gids must be in range"],
  ])("refuses %j", (user, others, message) => {
    expect(() => look(user, others)).toThrow(message);
  });

  test.each(["-1", "+0", "0x0", "0X10", " 1000", "a b", "app:-1", "a:b:c", "\t", "1000\n"])(
    "refuses %j as neither",
    (user) => {
      expect(() => look(user)).toThrow("invalid user");
    },
  );
});
