import { expect, test } from "bun:test";
import { isKeptProc } from "../../../src/container/birth/system-paths.ts";
import { parseMountFacts } from "../../../src/container/mount-facts.ts";

test("parseMountFacts() reads targets, spaces in them too, and which cannot run programs", () => {
  const lines = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "23 22 0:21 / /mnt/my\\040disk rw,noexec shared:2 - tmpfs x rw",
  ];

  expect(parseMountFacts(`${lines.join("\n")}\n`)).toEqual([
    { target: "/", noexec: false },
    { target: "/mnt/my disk", noexec: true },
  ]);
});

test.each([
  ["/proc", true],
  ["/proc/", true],
  ["/proc/sys/kernel", true],
  ["/data/../proc/1", true],
  ["/proc/meminfo", false],
  ["/proc/net/dev", false],
  ["/process", false],
  ["/host/proc", false],
])("nothing is mounted over %s: %p", (path, kept) => {
  expect(isKeptProc(path)).toBe(kept);
});
