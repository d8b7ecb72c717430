import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durably, openDatabase } from "../../../src/store/database.ts";
import { SCHEMA_VERSION } from "../../../src/store/schema.ts";

const MODULE = join(import.meta.dir, "../../../src/store/database.ts");

const INSERT_CONTAINER = `INSERT INTO containers (id, name, image_id, phase, created_at, config)
  VALUES (?1, ?1, 'dir:/', 'created', '', '{}')`;

function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "md-db-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test("a first opening makes a private folder and the current schema", () => {
  using dir = scratch();
  const root = join(dir.path, "deep/root");
  const database = openDatabase(root);

  expect(statSync(root).mode & 0o777).toBe(0o700);
  expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(database.query("PRAGMA foreign_keys").get()).toEqual({ foreign_keys: 1 });
});

test("a second opening sees the first one's rows and settings", () => {
  using dir = scratch();
  const first = openDatabase(dir.path);
  durably(first, () => first.run(INSERT_CONTAINER, ["a"]));
  const database = openDatabase(dir.path);
  expect(database.query("SELECT id FROM containers").get()).toEqual({ id: "a" });
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(database.query("PRAGMA synchronous").get()).toEqual({ synchronous: 1 });
});

test("several first openings at once all succeed", async () => {
  using dir = scratch();
  const script = `
    const { openDatabase } = await import(${JSON.stringify(MODULE)});
    const database = openDatabase(${JSON.stringify(dir.path)});
    database.run(${JSON.stringify(INSERT_CONTAINER)}, [String(process.pid)]);
  `;
  const children = Array.from({ length: 6 }, () =>
    Bun.spawn([process.execPath, "-e", script], { stderr: "inherit", stdout: "inherit" }),
  );
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(openDatabase(dir.path).query("SELECT count(*) AS n FROM containers").get()).toEqual({ n: 6 });
});

test("a database of a newer version is refused by name", () => {
  using dir = scratch();
  openDatabase(dir.path).run(`PRAGMA user_version=${SCHEMA_VERSION + 1}`);
  expect(() => openDatabase(dir.path)).toThrow(/schema version \d+ is newer/);
});

test("a container needs its image, but a folder as image needs none", () => {
  using dir = scratch();
  const database = openDatabase(dir.path);
  database.run(INSERT_CONTAINER, ["a"]);
  expect(() => database.run(INSERT_CONTAINER.replace("dir:/", "sha256:00"), ["b"])).toThrow("FOREIGN KEY");
});

test("a lease goes with its container", () => {
  using dir = scratch();
  const database = openDatabase(dir.path);
  database.run(INSERT_CONTAINER, ["a"]);
  database.run("INSERT INTO leases VALUES ('bridge', 172818434, 'a')");
  database.run("DELETE FROM containers WHERE id = 'a'");
  expect(database.query("SELECT * FROM leases").all()).toEqual([]);
});
