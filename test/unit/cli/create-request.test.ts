import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments } from "../../../src/cli/argv.ts";
import { createRequest } from "../../../src/cli/create-request.ts";
import { runFlags } from "../../../src/cli/run-flags.ts";
import golden from "../../golden/cli/docker-create-flags.json";

function request(...words: string[]) {
  const { flags, operands } = parseArguments(runFlags, words, true);
  return createRequest(flags, operands, { detached: flags.detach });
}

const host = (...words: string[]) => request(...words, "alpine").host;

describe("refuses what docker refuses, in its words:", () => {
  for (const [words, message] of golden as [string[], string][]) {
    test(`${words.join(" ")}: ${message || "accepted"}`, () => {
      if (message === "") request(...words, "alpine");
      else expect(() => request(...words, "alpine")).toThrow(new Error(message));
    });
  }
});

test("an image alone asks for defaults", () => {
  expect(request("alpine")).toEqual({
    image: "alpine",
    cmd: [],
    env: [],
    tty: false,
    openStdin: false,
    stdinOnce: false,
    labels: {},
    pull: "missing",
    host: {
      resources: {},
      networkMode: "bridge",
      mounts: [],
      readOnlyRootfs: false,
      privileged: false,
      init: false,
      autoRemove: false,
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      systemPathsUnconfined: false,
      groupAdd: [],
      shmSizeBytes: 64 * 1024 * 1024,
      sysctls: {},
      pidMode: "private",
      ipcMode: "private",
      utsMode: "private",
      cgroupnsMode: "private",
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      extraHosts: [],
      log: { driver: "cri", maxSizeBytes: 10 * 1024 * 1024, maxFiles: 3 },
    },
  });
});

test("the command is all that follows the image, flags included", () => {
  expect(request("--rm", "-e", "A=1", "alpine", "ls", "-e", "--rm=x")).toMatchObject({
    image: "alpine",
    cmd: ["ls", "-e", "--rm=x"],
    env: ["A=1"],
  });
});

test("an empty entrypoint clears the image's", () => {
  expect(request("--entrypoint=", "alpine").entrypoint).toEqual([]);
  expect(request("--entrypoint", "sh", "alpine").entrypoint).toEqual(["sh"]);
});

test("stdin closes with the first client only where one is attached to it", () => {
  const input = (...words: string[]) => {
    const { openStdin, stdinOnce } = request(...words, "alpine");
    return { openStdin, stdinOnce };
  };

  expect(input("-i")).toEqual({ openStdin: true, stdinOnce: true });
  expect(input("-di")).toEqual({ openStdin: true, stdinOnce: false });
  expect(input("-i", "-a", "stdout")).toMatchObject({ stdinOnce: false });
  expect(input("-t")).toEqual({ openStdin: false, stdinOnce: false });
});

test("limits come in the kernel's units", () => {
  const flags =
    "-m 512m --memory-swap -1 --cpus 1.5 --pids-limit 100 --cpuset-cpus 0-1 --ulimit nofile=10:20 --device /dev/null:/dev/zero:r";

  expect(host(...flags.split(" "), "--device-read-bps", "/dev/sda:1mb").resources).toEqual({
    memoryBytes: 512 * 1024 * 1024,
    memorySwapBytes: -1,
    nanoCpus: 1_500_000_000,
    pidsLimit: 100,
    cpusetCpus: "0-1",
    ulimits: [{ name: "nofile", soft: 10, hard: 20 }],
    devices: [{ hostPath: "/dev/null", containerPath: "/dev/zero", permissions: "r" }],
    deviceReadBps: [{ path: "/dev/sda", rate: 1024 * 1024 }],
  });
  expect(() => host("--cpus", "1", "--cpu-quota", "5000")).toThrow(
    "Nano CPUs and CPU Quota cannot both be set",
  );
});

describe("mounts", () => {
  const mount = (...words: string[]) => host(...words).mounts[0];

  test.each([
    ["/a:/b", { source: "/a", target: "/b", readOnly: false, propagation: "rprivate", createSource: true }],
    ["/a:/b:ro,rshared,Z", { readOnly: true, propagation: "rshared" }],
    ["./x:/b", { source: join(process.cwd(), "x") }],
  ])("-v %s", (given, expected) => {
    expect(mount("-v", given)).toMatchObject({ type: "bind", recursive: true, ...expected });
  });

  test.each([
    ["type=bind,src=/a,dst=/b", { source: "/a", target: "/b", readOnly: false, createSource: false }],
    ["type=bind,source=/a,target=/b,readonly", { readOnly: true, recursive: true }],
    [
      "type=bind,src=/a,destination=/b,ro=false,bind-propagation=slave",
      { readOnly: false, propagation: "slave" },
    ],
    ["type=bind,src=/a,dst=/b,bind-recursive=disabled", { recursive: false }],
    ['type=bind,"src=/a,c",dst=/b', { source: "/a,c" }],
    [
      "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=1770",
      { type: "tmpfs", data: "size=1048576,mode=1770", flags: ["noexec", "nosuid", "nodev"] },
    ],
  ])("--mount %s", (given, expected) => {
    expect(mount("--mount", given)).toMatchObject(expected);
  });

  test.each([
    ["/x", { target: "/x", data: "", readOnly: false, flags: ["noexec", "nosuid", "nodev"] }],
    ["/x:rw,exec,size=64m,mode=700", { data: "size=64m,mode=700", flags: ["nosuid", "nodev"] }],
    ["/x:ro,noatime", { readOnly: true, flags: ["noexec", "nosuid", "nodev", "noatime"] }],
  ])("--tmpfs %s", (given, expected) => {
    expect(mount("--tmpfs", given)).toMatchObject({ type: "tmpfs", ...expected });
  });

  test.each([
    [["--mount", "type=bind,src=/a"], "target is required"],
    [["--mount", "type=bind,src=/a,dst=/b,foo=bar"], "unexpected key 'foo' in 'foo=bar'"],
    [["--mount", "type=bind,src=/a,dst=/b,foo"], "invalid field 'foo' must be a key=value pair"],
    [["--mount", "type=bind,src=/a,dst=/b,ro=x"], "invalid value for ro: x"],
    [
      ["--mount", "type=bind,src=/a,dst=/b,tmpfs-size=1"],
      "cannot mix 'tmpfs-*' options with mount type 'bind'",
    ],
    [
      ["--mount", "type=tmpfs,dst=/b,bind-propagation=shared"],
      "cannot mix 'bind-*' options with mount type 'tmpfs'",
    ],
    [["--mount", "type=bind,src=a,dst=/b"], "mount path must be absolute"],
    [["--mount", "type=bind,dst=/b"], "field Source must not be empty"],
    [["--mount", "src=data,dst=/b"], "named and anonymous volumes are not supported yet"],
    [["-v", "data:/b"], "named and anonymous volumes are not supported yet"],
    [["-v", "/b"], "named and anonymous volumes are not supported yet"],
    [["-v", "/a:/b:zz"], "invalid mode: zz"],
    [["-v", "/a:b"], "mount path must be absolute"],
    [["-v", "/a:/"], "destination can't be '/'"],
    [["--tmpfs", "/x:foo"], 'invalid tmpfs option ["foo"]'],
  ])("refuses %p", (words, message) => {
    expect(() => host(...words)).toThrow(message);
  });
});

test("security options of both spellings; what weakens nothing is refused rather than ignored", () => {
  expect(host("--security-opt", "no-new-privileges")).toMatchObject({ noNewPrivileges: true });
  expect(host("--security-opt", "no-new-privileges:false")).toMatchObject({ noNewPrivileges: false });
  expect(host("--security-opt", "seccomp=unconfined")).toMatchObject({ seccompProfile: "unconfined" });
  expect(host("--security-opt", "systempaths=unconfined")).toMatchObject({ systemPathsUnconfined: true });
  expect(host("--security-opt", "apparmor=unconfined", "--security-opt", "label:disable")).toBeDefined();
  expect(() => host("--security-opt", "apparmor=my-profile")).toThrow("not supported yet");
});

test("log drivers that are files are our one format, with its rotation", () => {
  expect(
    host("--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "max-file=2").log,
  ).toEqual({
    driver: "cri",
    maxSizeBytes: 1024 * 1024,
    maxFiles: 2,
  });
  expect(host("--log-driver", "none").log.driver).toBe("none");
  expect(() => host("--log-driver", "syslog")).toThrow("--log-driver syslog is not supported yet");
  expect(() => host("--log-opt", "max-file=0")).toThrow("must be at least 1");
});

test("capabilities, signals, hosts, sysctls and names are normal forms", () => {
  expect(host("--cap-add", "cap_net_admin", "--cap-drop", "all")).toMatchObject({
    capAdd: ["NET_ADMIN"],
    capDrop: ["ALL"],
  });
  expect(request("--stop-signal", "term", "alpine").stopSignal).toBe("SIGTERM");
  expect(host("--add-host", "a=[::1]", "--add-host", "b:host-gateway").extraHosts).toEqual([
    "a:::1",
    "b:host-gateway",
  ]);
  expect(host("--sysctl", "net.core.somaxconn=10").sysctls).toEqual({ "net.core.somaxconn": "10" });
  expect(request("--name", "/web", "alpine").name).toBe("web");
  expect(() => request("--name", "a b", "alpine")).toThrow(
    "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-]",
  );
});

test("env files and label files come before flags; comments, blank lines and the caller's own values as docker's", () => {
  const dir = mkdtempSync(join(tmpdir(), "env-file-"));
  const path = join(dir, "env");
  process.env.MINI_DOCKER_TEST = "own";
  try {
    writeFileSync(path, '\uFEFFA=1\n# c\n\n  B=2\r\nMINI_DOCKER_TEST\nNOT_THERE_X\nD=  3 # x \nE="q"\n');

    expect(request("-e", "Q=", "--env-file", path, "-e", "NOT_THERE_Y", "alpine").env).toEqual([
      ...["A=1", "B=2", "MINI_DOCKER_TEST=own", "D=  3 # x ", 'E="q"', "Q=", "NOT_THERE_Y"],
    ]);
    writeFileSync(path, "a=1\nb\n");
    expect(request("--label-file", path, "-l", "a=2", "alpine").labels).toEqual({ a: "2", b: "" });
    writeFileSync(path, "A B=1\n");
    expect(() => request("--env-file", path, "alpine")).toThrow(
      `invalid env file (${path}): variable 'A B' contains whitespaces`,
    );
    expect(() => request("--env-file", join(dir, "none"), "alpine")).toThrow(
      `open ${dir}/none: no such file or directory`,
    );
    expect(() => request("--cidfile", path, "alpine")).toThrow("container ID file found");
  } finally {
    delete process.env.MINI_DOCKER_TEST;
    rmSync(dir, { recursive: true });
  }
});
