import { expect, test } from "bun:test";
import { controllerVersion, hierarchies, parseLayout } from "../../../../src/kernel/cgroup/layout.ts";

const PURE = "25 24 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1 = [
  "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
  "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
  "34 31 0:31 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio",
  "35 31 0:32 / /sys/fs/cgroup/my\\040freezer rw - cgroup cgroup rw,freezer",
  "36 31 0:33 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
  "37 31 0:33 / /mnt/again rw - cgroup cgroup rw,memory",
].join("\n");
const UNIFIED = "38 31 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const controllers = (text: string) => () => text;

test("cgroup v2 alone has every controller that its root names", () => {
  const layout = parseLayout(PURE, controllers("cpuset cpu io memory hugetlb pids rdma misc\n"));

  expect(hierarchies(layout)).toEqual([
    { version: 2, root: "/sys/fs/cgroup", controllers: ["cpu", "cpuset", "memory", "io", "pids"] },
  ]);
  expect(controllerVersion(layout, "devices")).toBeUndefined();
});

test("cgroup v1 alone has each controller where it is mounted first, two together where they are bound together", () => {
  const layout = parseLayout(V1, controllers(""));

  expect(hierarchies(layout)).toEqual([
    { version: 1, root: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"] },
    { version: 1, root: "/sys/fs/cgroup/memory", controllers: ["memory"] },
    { version: 1, root: "/sys/fs/cgroup/blkio", controllers: ["io"] },
    { version: 1, root: "/sys/fs/cgroup/my freezer", controllers: ["freezer"] },
  ]);
  expect(layout.systemd).toBe("/sys/fs/cgroup/systemd");
});

test("a hybrid uses cgroup2 for birth, death and freezing, and v1 for the controllers bound there", () => {
  const layout = parseLayout(`${V1}\n${UNIFIED}`, controllers("pids hugetlb"));

  expect(hierarchies(layout)[0]).toEqual({
    version: 2,
    root: "/sys/fs/cgroup/unified",
    controllers: ["pids"],
  });
  expect(hierarchies(layout).flatMap((hierarchy) => hierarchy.controllers)).not.toContain("freezer");
  expect(controllerVersion(layout, "memory")).toBe(1);
  expect(controllerVersion(layout, "pids")).toBe(2);
  expect(controllerVersion(layout, "cpuset")).toBeUndefined();
});
