import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { UnsupportedError } from "../errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "./schema.ts";

/** An open database, for those above the store who only hand it on. */
export type { Database };

/** How long a command waits for another one's write transaction. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Pages after which the log is copied into the database. The log stays when a command ends, so the next command to
 * come first reads all of it: 100 pages take it half a millisecond.
 */
const CHECKPOINT_PAGES = 100;

/** Settings of one connection; the journal's mode is a property of the file and set once, by its first migration. */
const CONNECTION_PRAGMAS = `PRAGMA busy_timeout=${BUSY_TIMEOUT_MS};PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`;

/**
 * Opens the data root's database, and makes both when they are missing.
 *
 * On an up-to-date database this runs two short statements and no transaction: every command pays for it. It is
 * not meant to be closed: the last connection to close checkpoints the log, which costs an fsync; an exiting
 * process may simply drop it.
 *
 * @param rootDir the data root; made with mode 0700
 * @throws {UnsupportedError} when a newer version of the program wrote the database
 * @see https://www.sqlite.org/wal.html
 */
export function openDatabase(rootDir: string): Database {
  const database = openFile(rootDir);
  database.run(CONNECTION_PRAGMAS);
  const version = schemaVersion(database);
  if (version !== SCHEMA_VERSION) migrate(database, version, rootDir);
  return database;
}

/**
 * Runs `change` in one write transaction that is on disk when this returns.
 *
 * With synchronous=NORMAL a commit can be lost (whole, never in part) by a power failure. That is right for a
 * container's state and wrong for the row that announces a finished download.
 */
export function durably<Result>(database: Database, change: () => Result): Result {
  database.run("PRAGMA synchronous=FULL");
  try {
    return database.transaction(change).immediate();
  } finally {
    database.run("PRAGMA synchronous=NORMAL");
  }
}

function openFile(rootDir: string): Database {
  const path = `${rootDir}/db.sqlite`;
  try {
    return new Database(path);
  } catch (cause) {
    if (!isSqliteError(cause, "SQLITE_CANTOPEN")) throw cause;
    mkdirSync(rootDir, { recursive: true, mode: 0o700 });
    return new Database(path);
  }
}

function schemaVersion(database: Database): number {
  const row = database.query("PRAGMA user_version").get() as { user_version: number };
  return row.user_version;
}

function migrate(database: Database, found: number, rootDir: string): void {
  if (found > SCHEMA_VERSION) {
    throw new UnsupportedError(
      `Cannot open the state in "${rootDir}": schema version ${found} is newer than this program's ${SCHEMA_VERSION}`,
      { hint: "Use the newer mini-docker, or another --root" },
    );
  }
  if (found === 0) enterWalMode(database);
  const run = database.transaction(() => {
    // Another process may have migrated while this one waited for the write lock.
    for (let version = schemaVersion(database); version < SCHEMA_VERSION; version++) {
      database.run(MIGRATIONS[version]!);
      database.run(`PRAGMA user_version=${version + 1}`);
    }
  });
  run.immediate();
}

/** Changing the journal's mode does not wait for the busy timeout, so several first commands at once must retry. */
function enterWalMode(database: Database): void {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.run("PRAGMA journal_mode=WAL");
      return;
    } catch (cause) {
      if (!isSqliteError(cause, "SQLITE_BUSY") || Date.now() > deadline) throw cause;
      Bun.sleepSync(5);
    }
  }
}

function isSqliteError(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && String(cause.code).startsWith(code);
}
