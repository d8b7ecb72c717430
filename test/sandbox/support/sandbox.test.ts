import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { busyboxRootfs, dockerArchive, ociLayout } from "../../support/images.ts";
import { containerCgroups, processesHolding } from "../../support/leftovers.ts";
import { rootTest } from "../../support/machine.ts";
import { holdNamespaces } from "../../support/namespace-holder.ts";
import { inSandbox, sandboxTest } from "../../support/sandbox.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openTerminal } from "../../support/terminal.ts";

sandboxTest("a fixture's mount never reaches the host's mount table", async () => {
  using dir = tempDir("mount");

  const inside = await inSandbox(join(import.meta.dir, "private-mount.fixture.ts"), dir.path);

  expect(inside).toEqual({ exitCode: 0, mounted: true });
  expect(await Bun.file("/proc/self/mountinfo").text()).not.toContain(dir.path);
});

sandboxTest("inSandbox throws what a failing fixture wrote", async () => {
  expect(inSandbox("/nonexistent.fixture.ts")).rejects.toThrow("nonexistent");
});

rootTest("held namespaces are shared by commands and are not the host's", async () => {
  await using holder = await holdNamespaces();
  holder.sh("ip link add md0 type bridge; ip link set md0 up");

  expect(holder.sh("ip -o link")).toContain("md0");
  expect(await Bun.file("/proc/net/dev").text()).not.toContain("md0:");
  expect(holder.sh("readlink /proc/self/ns/net")).not.toBe(
    Bun.spawnSync(["readlink", "/proc/self/ns/net"]).stdout.toString(),
  );
});

rootTest("a process that holds a file below a root is found by that file, until it ends", async () => {
  using dir = tempDir("held");
  const child = Bun.spawn(["sh", "-c", `exec 9> ${dir.path}/log; echo up; exec sleep 60`], {
    stdout: "pipe",
  });
  await child.stdout.getReader().read();

  const held = processesHolding([dir.path]);
  child.kill();
  await child.exited;

  expect(held).toEqual([expect.stringContaining(`${child.pid} `)]);
  expect(held[0]).toContain(`${dir.path}/log`);
  expect(processesHolding([dir.path])).toEqual([]);
});

rootTest("the cgroups of containers can be listed where there are none", () => {
  expect(containerCgroups()).toBeInstanceOf(Set);
});

rootTest("the busybox image is made as a folder, a docker-archive and an OCI layout", () => {
  expect(existsSync(join(busyboxRootfs(), "bin/busybox"))).toBe(true);
  expect(Bun.spawnSync(["tar", "-tf", dockerArchive()]).stdout.toString()).toContain("manifest.json");
  expect(existsSync(join(ociLayout(), "oci-layout"))).toBe(true);
});

rootTest("a command in a terminal sees a terminal, its size, keys and Ctrl-C", async () => {
  const script =
    "trap 'echo caught; exit 7' INT; stty size; read line; echo got:$line; while :; do read line; done";
  await using terminal = openTerminal(["sh", "-c", script]);
  await terminal.waitFor("24 80");
  terminal.write("hello\r");
  await terminal.waitFor("got:hello");
  terminal.write("\x03");
  await terminal.waitFor("caught");

  expect(await terminal.exited).toBe(7);
  expect(terminal.isCooked()).toBe(true);
});
