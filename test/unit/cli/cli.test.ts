import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commands } from "../../../src/cli/commands.ts";
import { verbHelp } from "../../../src/cli/help.ts";
import { VERSION } from "../../../src/cli/program.ts";
import manifest from "../../../package.json";

const main = join(import.meta.dir, "../../../src/main.ts");

function cli(...words: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, main, ...words], { stdin: "ignore" });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("the version is the package's", () => {
  expect(VERSION).toBe(manifest.version);
  expect(cli("--version")).toEqual({ exitCode: 0, stdout: `mini-docker version ${VERSION}\n`, stderr: "" });
});

describe("every verb", () => {
  for (const { names, summary, load } of commands) {
    test(`${names[0]} is declared as the table has it, and has help`, async () => {
      const { default: verb } = await load();

      expect(verb.names).toEqual(names);
      expect(verb.summary).toBe(summary);
      expect(verbHelp(verb, names[0]!)).toStartWith(`Usage:  mini-docker ${names[0]} `);
    });
  }

  test("has no flag letter twice", async () => {
    for (const { load } of commands) {
      const letters = Object.values((await load()).default.flags).flatMap(({ alias }) => alias ?? []);
      expect(letters).toEqual([...new Set(letters)]);
    }
  });
});

test("help has docker's shape", async () => {
  const { stdout, exitCode } = cli("rm", "--help");

  expect(exitCode).toBe(0);
  expect(stdout).toBe(`Usage:  mini-docker rm [OPTIONS] CONTAINER [CONTAINER...]

Remove one or more containers

Aliases:
  mini-docker container rm, mini-docker container remove, mini-docker rm

Options:
  -f, --force     Force the removal of a running container (uses SIGKILL)
  -v, --volumes   Remove anonymous volumes associated with the container
`);
  expect(cli("help", "rm").stdout).toBe(stdout);
  expect(cli("container", "rm", "--help").stdout).toBe(
    stdout.replace("mini-docker rm [", "mini-docker container rm ["),
  );
  expect(cli().stdout).toBe(cli("--help").stdout);
  expect(cli("container").stdout).toBe(cli("container", "--help").stdout);
  expect(cli("container").stdout).toContain("  ls          List containers\n");
});

describe("a wrong command line", () => {
  const pointer = (topic: string) => `\nRun '${topic} --help' for more information\n`;

  test.each([
    [
      ["runn"],
      1,
      `mini-docker: unknown command: mini-docker runn\n  hint: Did you mean mini-docker run?\n${pointer("mini-docker")}`,
    ],
    [["container", "foo"], 1, "mini-docker: unknown command: mini-docker container foo\n"],
    [["--foo", "ps"], 125, "unknown flag: --foo\n"],
    [["-H", "tcp://x", "ps"], 125, "--host is not supported yet\n"],
    [["ps", "--memry"], 125, "unknown flag: --memry\n"],
    [
      ["run", "--memry", "1", "x"],
      125,
      "unknown flag: --memry\n  hint: Did you mean --memory?\n\nUsage:  mini-docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n",
    ],
    [["exec", "--foo", "c", "sh"], 125, "unknown flag: --foo\n"],
    [["run", "-p", "80:80", "x"], 125, "--publish is not supported yet\n"],
    [
      ["run", "--pull", "foo", "x"],
      125,
      `mini-docker: invalid pull option: 'foo': must be one of "always", "missing" or "never"\n`,
    ],
    [["run"], 1, "mini-docker: 'mini-docker run' requires at least 1 argument\n"],
    [["exec", "c"], 1, "mini-docker: 'mini-docker exec' requires at least 2 arguments\n"],
    [["logs", "a", "b"], 1, "mini-docker: 'mini-docker logs' requires 1 argument\n"],
    [["ps", "a"], 1, "mini-docker: 'mini-docker ps' accepts no arguments\n"],
    [["images", "a", "b"], 1, "mini-docker: 'mini-docker images' requires at most 1 argument\n"],
    [["create", "--pull", "foo", "x"], 125, "invalid pull option"],
    [["help", "foo"], 1, "unknown help topic: foo\n"],
    [["version", "-f", "{{.Foo"], 64, "template parsing error: template: :1: unclosed action\n"],
    [["ps", "-f", "foo=bar"], 1, "invalid filter 'foo'\n"],
    [
      ["inspect", "--type", "volume", "x"],
      1,
      `unknown type: "volume": must be one of "container", "image"\n`,
    ],
  ] as [string[], number, string][])("%p ends with %p", (words, code, message) => {
    const { exitCode, stdout, stderr } = cli(...words);

    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

test("a reader that has gone ends the command quietly, as SIGPIPE would", async () => {
  const script = `"$0" "$1" run --help | (exec <&-); exit "\${PIPESTATUS[0]}"`;
  const { exitCode, stderr } = Bun.spawnSync(["bash", "-c", script, process.execPath, main]);

  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(128 + 13);
});
