import { describe, expect, test } from "bun:test";
import { FlagError, parseArguments } from "../../../src/cli/argv.ts";
import { bool, later, list, parseInteger, text, value } from "../../../src/cli/flags.ts";

const flags = {
  detach: bool("", "d"),
  env: list("", "e"),
  interactive: bool("", "i"),
  memory: text("", "m"),
  network: text("", undefined, { otherNames: ["net"] }),
  pids: value("int", parseInteger, ""),
  publish: later("list", "p"),
  restart: later("string", undefined, ["no"]),
  "sig-proxy": bool("", undefined, { initial: true }),
  tty: bool("", "t"),
};

const parse = (words: string, stopAtOperand = false) =>
  parseArguments(flags, words.split(" ").filter(Boolean), stopAtOperand);

describe("flags", () => {
  test("have their initial values when they are not given", () => {
    const { flags: values, given, operands } = parse("");

    expect(values).toMatchObject({ detach: false, env: [], "sig-proxy": true });
    expect(values.memory).toBeUndefined();
    expect([...given]).toEqual([]);
    expect(operands).toEqual([]);
  });

  test.each([
    ["--memory 1g", "1g"],
    ["--memory=1g", "1g"],
    ["--memory=", ""],
    ["--memory=a=b", "a=b"],
    ["-m 1g", "1g"],
    ["-m1g", "1g"],
    ["-m=1g", "1g"],
    ["-dm1g", "1g"],
    ["-dm 1g", "1g"],
    ["-m -1", "-1"],
    ["--memory --", "--"],
    ["--memory 1 --memory 2", "2"],
  ])("with a value: %s", (words, memory) => {
    expect(parse(words).flags.memory).toBe(memory);
    expect(parse(words).operands).toEqual([]);
  });

  test("without a value stand together, and can be switched off", () => {
    expect(parse("-dit").flags).toMatchObject({ detach: true, interactive: true, tty: true });
    expect(parse("--sig-proxy=false").flags["sig-proxy"]).toBe(false);
    expect(parse("--detach=0 -i=T").flags).toMatchObject({ detach: false, interactive: true });
    expect(parse("--detach false").operands).toEqual(["false"]);
  });

  test("that repeat keep all their values in order", () => {
    expect(parse("-e A=1 -eB=2 -e=C=3 --env D=4 --env=E=5").flags.env).toEqual([
      ...["A=1", "B=2", "C=3", "D=4", "E=5"],
    ]);
    expect(parse("").flags.env).toEqual([]);
  });

  test("answer to their other names", () => {
    expect(parse("--net host").flags.network).toBe("host");
  });
});

describe("operands", () => {
  test("may stand between flags", () => {
    expect(parse("a -d b").operands).toEqual(["a", "b"]);
    expect(parse("a - b").operands).toEqual(["a", "-", "b"]);
  });

  test("end the flags of run: the rest belongs to the container", () => {
    const { flags: values, operands } = parse("-d alpine sh -c --foo -e X --", true);

    expect(values).toMatchObject({ detach: true, env: [] });
    expect(operands).toEqual(["alpine", "sh", "-c", "--foo", "-e", "X", "--"]);
  });

  test("are all that follows --", () => {
    expect(parse("-d -- -e --help").operands).toEqual(["-e", "--help"]);
    expect(parse("-- a -- b", true).operands).toEqual(["a", "--", "b"]);
  });

  test("keep a --help of the container's command", () => {
    expect(parse("alpine ls --help", true).help).toBe(false);
    expect(parse("--help alpine", true).help).toBe(true);
    expect(parse("-h").help).toBe(true);
  });
});

describe("refuses, in docker's words,", () => {
  test.each([
    ["--memry 1", "unknown flag: --memry"],
    ["-Z", "unknown shorthand flag: 'Z' in -Z"],
    ["-itZ x", "unknown shorthand flag: 'Z' in -Z"],
    ["-tZi", "unknown shorthand flag: 'Z' in -Zi"],
    ["--memory", "flag needs an argument: --memory"],
    ["-m", "flag needs an argument: 'm' in -m"],
    ["-im", "flag needs an argument: 'm' in -m"],
    ["---x", "bad flag syntax: ---x"],
    ["--=x", "bad flag syntax: --=x"],
    [
      "--detach=maybe",
      'invalid argument "maybe" for "-d, --detach" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    ["--pids x", 'invalid argument "x" for "--pids" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  ])("%s", (words, message) => {
    expect(() => parse(words)).toThrow(new FlagError(message));
  });

  test("and names the nearest flag", () => {
    const error = (() => {
      try {
        return parse("--memry 1");
      } catch (thrown) {
        return thrown;
      }
    })();

    expect(error).toMatchObject({ hint: "Did you mean --memory?", exitCode: 125 });
  });

  test("flags of docker that are not there yet, by name, unless they ask for what happens anyway", () => {
    expect(() => parse("-p 80:80")).toThrow("--publish is not supported yet");
    expect(() => parse("--restart always")).toThrow("--restart is not supported yet");
    expect(parse("--restart no").operands).toEqual([]);
  });
});

test("whole numbers have Go's spellings", () => {
  expect(["10", "-1", "0x10", "010", "1_000", "+5"].map(parseInteger)).toEqual([10, -1, 16, 8, 1000, 5]);
  expect(() => parseInteger("99999999999999999999")).toThrow("value out of range");
});
