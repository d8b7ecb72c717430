import { describe, expect, test } from "bun:test";
import type { ContainerSummary } from "../../../../src/engine/types.ts";
import {
  ContainerRow,
  containerColumns,
  containerHeaders,
} from "../../../../src/cli/format/container-row.ts";
import { ImageRow, imageColumns, imageHeaders } from "../../../../src/cli/format/image-row.ts";
import { formatList } from "../../../../src/cli/format/list.ts";
import type { ImageSummary } from "../../../../src/image/list.ts";
import { alignTable } from "../../../../src/cli/format/table.ts";

const NOW = Date.parse("2026-11-24T04:07:13Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const web: ContainerSummary = {
  id: "a1".repeat(32),
  name: "web",
  image: "alpine:3",
  imageId: `sha256:${"ab".repeat(32)}`,
  command: "sh -c 'echo hello; sleep 1000'",
  createdAt: ago(6),
  state: "running",
  startedAt: ago(3),
  exitCode: 0,
  labels: { "com.x/y": "two", a: "1" },
  mounts: ["/tmp/abcdefghijklmnopqrstuvw"],
  networks: ["bridge"],
  sizeRwBytes: 1_234_567,
  sizeRootBytes: 9_876_543,
};
const job: ContainerSummary = {
  ...web,
  id: "b2".repeat(32),
  name: "a_longer_name_here",
  createdAt: ago(4000),
  state: "exited",
  finishedAt: ago(130),
};

const rows = (truncate = true) => [web, job].map((each) => new ContainerRow(each, { nowMs: NOW, truncate }));
const ps = (format?: string, truncate = true) =>
  formatList(rows(truncate), { format, defaultColumns: containerColumns(false), headers: containerHeaders });
const status = (state: Partial<ContainerSummary>) =>
  new ContainerRow({ ...web, ...state }, { nowMs: NOW, truncate: true }).Status;

describe("ps", () => {
  test("looks like docker's", () => {
    expect(ps()).toBe(
      [
        "CONTAINER ID   IMAGE      COMMAND                  CREATED             STATUS                     PORTS     NAMES",
        `a1a1a1a1a1a1   alpine:3   "sh -c 'echo hello; …"   6 seconds ago       Up 3 seconds                         web`,
        `b2b2b2b2b2b2   alpine:3   "sh -c 'echo hello; …"   About an hour ago   Exited (0) 2 minutes ago             a_longer_name_here`,
        "",
      ].join("\n"),
    );
  });

  test("--format table takes columns, with headers and docker's escapes", () => {
    expect(ps('table {{.ID}}\\t{{upper .Names}}\\t{{.Labels}}\\t{{.Label "com.example.my-name"}}')).toBe(
      [
        "CONTAINER ID   NAMES                LABELS            my name",
        "a1a1a1a1a1a1   WEB                  a=1,com.x/y=two   ",
        "b2b2b2b2b2b2   A_LONGER_NAME_HERE   a=1,com.x/y=two   ",
        "",
      ].join("\n"),
    );
    expect(ps("table {{.Names}} {{.ID}}").split("\n")[0]).toBe("NAMES CONTAINER ID");
  });

  test("--format prints a line for each container", () => {
    expect(ps("{{.Names}}\\t{{.ID}}")).toBe("web\ta1a1a1a1a1a1\na_longer_name_here\tb2b2b2b2b2b2\n");
    expect(
      ps("{{.Size}}|{{.Networks}}|{{.Ports}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Platform}}").split("\n")[0],
    ).toBe("1.23MB (virtual 9.88MB)|bridge||/tmp/abcdefghi…|0|<nil>");
    expect(ps("{{.ID}} {{.Command}}", false)).toContain(
      `${"a1".repeat(32)} "sh -c 'echo hello; sleep 1000'"`,
    );
  });

  test("--format json prints docker's fields", () => {
    expect(JSON.parse(ps("json").split("\n")[0]!)).toEqual({
      Command: `"sh -c 'echo hello; …"`,
      CreatedAt: "2026-11-24 04:07:07 +0000 UTC",
      ID: "a1a1a1a1a1a1",
      Image: "alpine:3",
      Labels: "a=1,com.x/y=two",
      LocalVolumes: "0",
      Mounts: "/tmp/abcdefghi…",
      Names: "web",
      Networks: "bridge",
      Platform: null,
      Ports: "",
      RunningFor: "6 seconds ago",
      Size: "1.23MB (virtual 9.88MB)",
      State: "running",
      Status: "Up 3 seconds",
    });
  });

  test("refuses a template in docker's words", () => {
    expect(() => ps("{{.Na")).toThrow("failed to parse template: template: :1: unclosed action");
    expect(() => ps("{{.Foo}}")).toThrow(
      `failed to execute template: template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`,
    );
  });

  test("says in words what a container does", () => {
    expect(status({ state: "created" })).toBe("Created");
    expect(status({ state: "paused", startedAt: ago(125) })).toBe("Up 2 minutes (Paused)");
    expect(status({ state: "exited", finishedAt: ago(5), exitCode: 137 })).toBe("Exited (137) 5 seconds ago");
  });
});

test("images has a line for each name of an image", () => {
  const image: ImageSummary = {
    id: `sha256:${"ab".repeat(32)}`,
    tags: ["alpine:3", "x.io:5000/foo/bar:latest"],
    createdAt: ago(86_400 * 20),
    sizeBytes: 7_654_321,
    repoDigests: [],
    labels: {},
  };
  const options = { nowMs: NOW, truncate: true };
  const lines = [
    ...image.tags.map((tag) => new ImageRow(image, tag, options)),
    new ImageRow(image, undefined, options),
  ];

  expect(
    formatList(lines, { format: undefined, defaultColumns: imageColumns(false), headers: imageHeaders }),
  ).toBe(
    [
      "REPOSITORY          TAG       IMAGE ID       CREATED       SIZE",
      "alpine              3         abababababab   2 weeks ago   7.65MB",
      "x.io:5000/foo/bar   latest    abababababab   2 weeks ago   7.65MB",
      "<none>              <none>    abababababab   2 weeks ago   7.65MB",
      "",
    ].join("\n"),
  );
});

test("columns are ten wide at least and end where a line has no cell in them", () => {
  expect(alignTable("a\tb\nlonger than ten\tc\n")).toBe("a                 b\nlonger than ten   c\n");
  expect(alignTable("a\tb\nno cells\nlonger than ten\tc")).toBe("a         b\nno cells\nlonger than ten   c");
  expect(alignTable("é…\tb")).toBe("é…        b");
});
