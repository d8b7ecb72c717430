/** Seccomp filters loaded by this machine's kernel, around a real program. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const loader = join(import.meta.dir, "seccomp.fixture.ts");
const caller = join(import.meta.dir, "seccomp-calls.fixture.ts");

type Call = readonly [name: string | number, ...args: number[]];

/** Runs a command under a filter; an empty profile is the default one. */
async function under(profile: string, ...command: readonly string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, loader, profile, ...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0)
    throw new Error(`ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
  return stdout;
}

/** How system calls end under a filter, in a program that was started under it: `"ok"`, or the errno's name. */
async function outcomes(profile: string, ...calls: readonly Call[]): Promise<string[]> {
  return JSON.parse(await under(profile, process.execPath, caller, JSON.stringify(calls)));
}

test("under the default filter programs work as usual: children, pipes, threads, files", async () => {
  expect(await under("", "/bin/sh", "-c", "ls -d /proc/self | cat; (exit 3); echo $?")).toBe(
    "/proc/self\n3\n",
  );
  const script =
    "console.log(new Worker('data:text/javascript,').constructor.name, await Bun.$`echo child`.text())";
  expect(await under("", process.execPath, "-e", script)).toBe("Worker child\n\n");
});

test("the default filter allows sockets of the usual families", async () => {
  const AF_UNIX = 1;
  const AF_INET = 2;
  const AF_NETLINK = 16;
  const STREAM = 1;
  const RAW = 3;
  expect(
    await outcomes(
      "",
      ["socket", AF_UNIX, STREAM, 0],
      ["socket", AF_INET, STREAM, 0],
      ["socket", AF_NETLINK, RAW, 0],
    ),
  ).toEqual(["ok", "ok", "ok"]);
});

test("the default filter denies AF_ALG, AF_VSOCK, new namespaces, mounts, keys and io_uring", async () => {
  const denied: Call[] = [
    ["socket", 38, 5, 0],
    ["socket", 40, 1, 0],
    ["unshare", 0x10000000],
    ["mount", 0, 0, 0],
    ["keyctl", 0, 0],
    ["io_uring_setup", 1, 0],
    ["bpf", 0, 0],
    ["open_by_handle_at", 0, 0],
  ];
  expect(await outcomes("", ...denied)).toEqual(denied.map(() => "EPERM"));
});

test("calls that are newer than the default filter, and clone3, fail as on an older kernel", async () => {
  expect(await outcomes("", [600], ["clone3", 0, 0])).toEqual(["ENOSYS", "ENOSYS"]);
});

test("a profile of the user's own is obeyed", async () => {
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
  };
  expect(await outcomes(JSON.stringify(profile), ["getpriority", 0, 0], ["getppid"])).toEqual([
    "ENOSPC",
    "ok",
  ]);
});
