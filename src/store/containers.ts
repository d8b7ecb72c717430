/** Containers as rows: what was asked for, and how far each has come. Whether one runs is never stored. */
import type { Database } from "bun:sqlite";
import { ConflictError, NotFoundError } from "../errors.ts";
import type { Owner } from "./owner.ts";

/**
 * - `creating`: a command is making it; without that command it is to be removed
 * - `created`: complete, never started
 * - `started`: was started in `bootId`; what became of it stands in the run folder
 * - `exited`: its end has been recorded
 */
export type Phase = "creating" | "created" | "started" | "exited";

export interface ContainerRow<Config> {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly phase: Phase;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly oomKilled: boolean;
  readonly bootId: string | null;
  /** The command that creates or starts it. */
  readonly owner: Owner | undefined;
  readonly autoRemove: boolean;
  readonly config: Config;
}

interface RawRow {
  readonly [column: string]: string | number | null;
}

const FULL_ID = /^[0-9a-f]{64}$/;

/** What is known of a new container. */
export interface NewContainer {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly createdAt: string;
  readonly autoRemove: boolean;
  readonly owner: Owner;
  /** JSON. */
  readonly config: string;
}

/**
 * Records a container that is being made.
 *
 * @throws {ConflictError} when the name is in use, in docker's words
 * @throws {NotFoundError} when its image has been removed meanwhile
 */
export function insertContainer(database: Database, container: NewContainer): void {
  const { id, name, imageId, createdAt, autoRemove, owner, config } = container;
  try {
    database
      .query(
        `INSERT INTO containers
           (id, name, image_id, phase, created_at, auto_remove, owner_pid, owner_start, config)
         VALUES (?, ?, ?, 'creating', ?, ?, ?, ?, ?)`,
      )
      .run(id, name, imageId, createdAt, autoRemove ? 1 : 0, owner.pid, owner.startTicks, config);
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "SQLITE_CONSTRAINT_UNIQUE") throw nameInUse(database, name, cause);
    if (code === "SQLITE_CONSTRAINT_FOREIGNKEY") {
      throw new NotFoundError(`No such image: ${imageId}`, {
        cause,
        hint: "It was removed a moment ago; try again",
      });
    }
    throw cause;
  }
}

function nameInUse(database: Database, name: string, cause: unknown): ConflictError {
  const row = database.query("SELECT id FROM containers WHERE name = ?").get(name) as { id: string } | null;
  return new ConflictError(
    `Conflict. The container name "/${name}" is already in use by container "${row?.id ?? "of another command"}"`,
    { cause, hint: "You have to remove (or rename) that container to be able to reuse that name" },
  );
}

/** The container has all it needs to be started. */
export function markCreated(database: Database, id: string): void {
  database
    .query("UPDATE containers SET phase = 'created', owner_pid = NULL, owner_start = NULL WHERE id = ?")
    .run(id);
}

/** A command is about to start the container, in this boot. */
export function markStarted(
  database: Database,
  id: string,
  start: { readonly startedAt: string; readonly bootId: string; readonly owner: Owner },
): void {
  database
    .query(
      `UPDATE containers SET phase = 'started', started_at = ?, boot_id = ?, owner_pid = ?, owner_start = ?,
       finished_at = NULL, exit_code = NULL, error = NULL, oom_killed = 0 WHERE id = ?`,
    )
    .run(start.startedAt, start.bootId, start.owner.pid, start.owner.startTicks, id);
}

/** How a container ended. */
export interface Ending {
  readonly exitCode: number;
  readonly finishedAt: string;
  readonly oomKilled: boolean;
  readonly error?: string;
}

/** Records how a container ended. */
export function markExited(database: Database, id: string, ending: Ending): void {
  database
    .query(
      `UPDATE containers SET phase = 'exited', exit_code = ?, finished_at = ?, oom_killed = ?, error = ?,
       owner_pid = NULL, owner_start = NULL WHERE id = ?`,
    )
    .run(ending.exitCode, ending.finishedAt, ending.oomKilled ? 1 : 0, ending.error ?? null, id);
}

/** The start failed: the container is as if it had not been tried, but for the reason. */
export function markStartFailed(
  database: Database,
  id: string,
  failure: { exitCode: number; error: string },
): void {
  database
    .query(
      `UPDATE containers SET phase = 'created', exit_code = ?, error = ?, started_at = NULL, boot_id = NULL,
       owner_pid = NULL, owner_start = NULL WHERE id = ?`,
    )
    .run(failure.exitCode, failure.error, id);
}

/** The last step of a removal: leases go with the row. */
export function deleteContainer(database: Database, id: string): void {
  database.query("DELETE FROM containers WHERE id = ?").run(id);
}

/** The container of this very ID; `undefined` when there is none. */
export function getContainer<Config>(database: Database, id: string): ContainerRow<Config> | undefined {
  const row = database.query("SELECT * FROM containers WHERE id = ?").get(id) as RawRow | null;
  return row === null ? undefined : fromRow(row);
}

/** All containers, the newest first. */
export function listContainers<Config>(database: Database): ContainerRow<Config>[] {
  const rows = database.query("SELECT * FROM containers ORDER BY created_at DESC, id").all() as RawRow[];
  return rows.map((row) => fromRow<Config>(row));
}

/** Containers whose row says less than the truth may be: being made, or started. */
export function listUnsettled<Config>(database: Database): ContainerRow<Config>[] {
  const sql = "SELECT * FROM containers WHERE phase IN ('creating', 'started')";
  return (database.query(sql).all() as RawRow[]).map((row) => fromRow<Config>(row));
}

/**
 * Finds a container as docker does: by its whole ID, then by name, then by the beginning of its ID.
 *
 * @throws {NotFoundError} when none fits
 * @throws {ConflictError} when several IDs begin so
 */
export function findContainer<Config>(database: Database, reference: string): ContainerRow<Config> {
  const name = reference.startsWith("/") ? reference.slice(1) : reference;
  const exact = FULL_ID.test(name) ? getContainer<Config>(database, name) : undefined;
  if (exact) return exact;
  const byName = database.query("SELECT * FROM containers WHERE name = ?").get(name) as RawRow | null;
  if (byName) return fromRow(byName);
  if (/^[0-9a-f]{1,64}$/.test(name)) {
    const sql = "SELECT * FROM containers WHERE id >= ? AND id < ? LIMIT 2";
    const rows = database.query(sql).all(name, `${name}g`) as RawRow[];
    if (rows.length > 1) {
      throw new ConflictError(`multiple IDs found with provided prefix: ${name}`, {
        hint: "Give more of the ID",
      });
    }
    if (rows[0]) return fromRow(rows[0]);
  }
  throw new NotFoundError(`No such container: ${reference}`);
}

function fromRow<Config>(row: RawRow): ContainerRow<Config> {
  const text = (column: string) => row[column] as string | null;
  const number = (column: string) => row[column] as number | null;
  const [pid, startTicks] = [number("owner_pid"), number("owner_start")];
  return {
    id: row.id as string,
    name: row.name as string,
    imageId: row.image_id as string,
    phase: row.phase as Phase,
    createdAt: row.created_at as string,
    startedAt: text("started_at"),
    finishedAt: text("finished_at"),
    exitCode: number("exit_code"),
    error: text("error"),
    oomKilled: row.oom_killed === 1,
    bootId: text("boot_id"),
    owner: pid !== null && startTicks !== null ? { pid, startTicks } : undefined,
    autoRemove: row.auto_remove === 1,
    config: JSON.parse(row.config as string) as Config,
  };
}
