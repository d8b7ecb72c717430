import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Directory, openDirectory } from "../../../src/kernel/directory.ts";
import { removeTree } from "../../../src/kernel/remove-tree.ts";
import { failureCode } from "../../../src/kernel/syscall-failure.ts";
import { rootTest } from "../../support/machine.ts";
import { inSandbox, sandboxTest } from "../../support/sandbox.ts";
import { tempDir } from "../../support/temp-dir.ts";

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (cause) {
    return failureCode(cause);
  }
  return "none";
}

const openDescriptors = () => readdirSync("/proc/self/fd").length;

/** A folder `in` with a file beside it, and `in` opened. */
function openInner(path: string): Directory {
  mkdirSync(join(path, "in/folder"), { recursive: true });
  writeFileSync(join(path, "outside"), "outside");
  return openDirectory(join(path, "in"));
}

describe("Directory", () => {
  test("takes absolute links and .. inside itself", () => {
    using dir = tempDir("in-root");
    using inner = openInner(dir.path);
    symlinkSync("/", join(dir.path, "in/root"));
    symlinkSync("../../..", join(dir.path, "in/folder/up"));

    inner.mkdir("root/made");
    inner.mkdir("folder/up/made-too");

    expect(readdirSync(join(dir.path, "in")).sort()).toEqual(["folder", "made", "made-too", "root"]);
    expect(codeOf(() => inner.stat("../outside/."))).toBe("ENOENT");
    expect(codeOf(() => inner.mkdir("folder/.."))).toBe("EINVAL");
  });

  test("never follows the last part of a path", () => {
    using dir = tempDir("last-part");
    using inner = openInner(dir.path);
    symlinkSync(join(dir.path, "outside"), join(dir.path, "in/link"));

    expect(codeOf(() => inner.createFile("link"))).toBe("EEXIST");
    expect(codeOf(() => inner.chmod("link", 0o777))).toBe("EOPNOTSUPP");
    expect(inner.stat("link").type).toBe("symlink");
    inner.link("link", "link2");
    expect(inner.stat("link2").type).toBe("symlink");
    inner.unlink("link");
    expect(readFileSync(join(dir.path, "outside"), "utf8")).toBe("outside");
  });

  test("does not enter /proc's magic links", () => {
    using dir = tempDir("magic");
    using proc = openDirectory("/proc/self");

    expect(codeOf(() => proc.stat(`root${dir.path}`))).toBe("ELOOP");
  });

  test("opens regular files only, through links inside", () => {
    using dir = tempDir("open");
    using inner = openInner(dir.path);
    inner.mknod("fifo", { type: "fifo", mode: 0o600 });
    writeFileSync(join(dir.path, "in/file"), "x");
    symlinkSync("/file", join(dir.path, "in/folder/link"));

    using opened = inner.openFile("folder/link");
    expect(readFileSync(`/proc/self/fd/${opened.fd}`, "utf8")).toBe("x");
    expect(codeOf(() => inner.openFile("fifo"))).toBe("EINVAL");
    expect(codeOf(() => inner.openFile("folder"))).toBe("EINVAL");
  });

  test("finds another folder under a name that was removed and made again", () => {
    using dir = tempDir("cache");
    using inner = openInner(dir.path);
    inner.mkdir("folder/a");
    inner.removeTree("folder");
    inner.mkdir("folder");
    inner.mkdir("folder/b");

    expect(readdirSync(join(dir.path, "in/folder"))).toEqual(["b"]);
  });

  test("keeps few folders open, however many it works in, and none when it is closed", () => {
    using dir = tempDir("descriptors");
    const before = openDescriptors();
    {
      using inner = openInner(dir.path);
      for (let i = 0; i < 200; i++) {
        inner.mkdir(`folder/${i}`);
        inner.mkdir(`folder/${i}/x`);
      }
      expect(openDescriptors() - before).toBeLessThan(50);
      expect(inner.readdir("folder")).toHaveLength(200);
    }
    expect(openDescriptors()).toBe(before);
  });

  test("refuses a name with a NUL, which the kernel would cut", () => {
    using dir = tempDir("nul");
    using inner = openInner(dir.path);

    expect(() => inner.mkdir("a\0b")).toThrow(RangeError);
  });
});

describe("removeTree", () => {
  test("removes files, links and folders, and follows no link", () => {
    using dir = tempDir("remove");
    mkdirSync(join(dir.path, "tree/a/b"), { recursive: true });
    mkdirSync(join(dir.path, "kept"));
    writeFileSync(join(dir.path, "kept/file"), "");
    symlinkSync(join(dir.path, "kept"), join(dir.path, "tree/a/link"));
    symlinkSync("../kept", join(dir.path, "link"));

    removeTree(join(dir.path, "tree"));
    removeTree(join(dir.path, "link"));
    removeTree(join(dir.path, "missing"));
    removeTree(join(dir.path, "missing/too"));

    expect(readdirSync(dir.path)).toEqual(["kept"]);
    expect(readdirSync(join(dir.path, "kept"))).toEqual(["file"]);
  });

  test("removes a tree far deeper than a path can be long, with few descriptors", () => {
    using dir = tempDir("deep");
    const before = openDescriptors();
    {
      using stack = new DisposableStack();
      let inner = stack.use(openDirectory(dir.path));
      for (let depth = 0; depth < 3000; depth++) {
        inner.mkdir("some-longer-name");
        if (depth % 300 === 0) inner.createFile("file")[Symbol.dispose]();
        const next = inner.openDirectory("some-longer-name");
        inner[Symbol.dispose]();
        inner = stack.use(next);
      }
    }

    removeTree(join(dir.path, "some-longer-name"));

    expect(existsSync(join(dir.path, "some-longer-name"))).toBe(false);
    expect(openDescriptors()).toBe(before);
  });

  test("removes a folder with more entries than one read returns", () => {
    using dir = tempDir("wide");
    using tree = openDirectory(dir.path);
    tree.mkdir("wide");
    for (let i = 0; i < 5000; i++) tree.symlink("x", `wide/entry-with-a-long-name-${i}`);

    removeTree(join(dir.path, "wide"));

    expect(readdirSync(dir.path)).toEqual([]);
  });

  rootTest("makes a folder writable that is not, for whoever may", async () => {
    using dir = tempDir("locked");
    const script = `cd "$1" && mkdir -p t/locked/in && touch t/locked/in/f
      chmod 0 t/locked/in && chmod 500 t/locked t`;
    Bun.spawnSync(["chown", "65534:65534", dir.path]);
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
    expect(Bun.spawnSync([...asNobody, "sh", "-c", script, "sh", dir.path]).exitCode).toBe(0);
    const module = JSON.stringify(join(import.meta.dir, "../../../src/kernel/remove-tree.ts"));
    const code = `import { removeTree } from ${module};
      removeTree(${JSON.stringify(join(dir.path, "t"))});`;
    Bun.write(join(dir.path, "run.ts"), code);
    const readable = Bun.spawnSync([...asNobody, "test", "-r", import.meta.path]).exitCode === 0;
    if (!readable) return; // The sources are in a folder that only root may read.

    const run = Bun.spawnSync([...asNobody, process.execPath, join(dir.path, "run.ts")], {
      env: { HOME: dir.path },
    });

    expect(run.stderr.toString()).toBe("");
    expect(existsSync(join(dir.path, "t"))).toBe(false);
  });

  sandboxTest("stops at a mount point and leaves what is mounted there alone", async () => {
    using dir = tempDir("mount");

    const seen = await inSandbox(join(import.meta.dir, "directory.fixture.ts"), dir.path);

    expect(seen).toEqual({ mounted: true, code: "EXDEV", precious: true });
  });
});
