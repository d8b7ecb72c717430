/**
 * The database's tables, as numbered migrations.
 *
 * A row comes first and goes last: every lasting effect (folder, cgroup, lease, link) is found from its row. The two
 * exceptions are content-addressed and checked by name: blobs and layer folders are renamed into place first.
 * Times are ISO 8601 in UTC; sizes are bytes; digests are `sha256:…`.
 *
 * A migration that has been released is never edited: a change is a new entry at the end. Its index plus one is the
 * `PRAGMA user_version` it leads to.
 */

const INITIAL_TABLES = `
-- An image: one manifest and its config. What run needs of the config is kept parsed (src/store/images.ts).
CREATE TABLE images (
  id              TEXT PRIMARY KEY,              -- digest of the config
  manifest_digest TEXT NOT NULL,
  manifest_type   TEXT NOT NULL,                 -- its media type
  manifest_bytes  INTEGER NOT NULL,              -- its length
  platform        TEXT NOT NULL,                 -- os/arch[/variant]
  size_bytes      INTEGER NOT NULL,              -- of the unpacked layers
  created_at      TEXT NOT NULL,                 -- when the image was built, by its config
  registered_at   TEXT NOT NULL,                 -- when it came to this machine
  config          TEXT NOT NULL                  -- JSON: the config's "config" object, checked
) STRICT, WITHOUT ROWID;
CREATE INDEX images_by_manifest ON images (manifest_digest);

-- Canonical names, host/path:tag and host/path@digest, and the image each one means.
CREATE TABLE tags (
  reference TEXT PRIMARY KEY,
  image_id  TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_image ON tags (image_id);

-- Unpacked layers. A layer is present when its row and its folder both exist; both change inside one write
-- transaction, so whoever holds the write lock sees the truth.
CREATE TABLE layers (
  chain_id        TEXT PRIMARY KEY,
  directory       TEXT NOT NULL UNIQUE,          -- name below ROOT/layers
  diff_id         TEXT NOT NULL,
  parent_chain_id TEXT,
  size_bytes      INTEGER NOT NULL,
  created_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Position 0 is the lowest layer.
CREATE TABLE image_layers (
  image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  chain_id TEXT NOT NULL REFERENCES layers (chain_id),
  PRIMARY KEY (image_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_by_chain ON image_layers (chain_id);

-- The blobs an image is made of: manifest, config and compressed layers.
CREATE TABLE image_blobs (
  image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  digest   TEXT NOT NULL,
  PRIMARY KEY (image_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_blobs_by_digest ON image_blobs (digest);

-- image_id is an image's ID or dir:/PATH. A container keeps its image, and so its layers, from being removed.
CREATE TABLE containers (
  id               TEXT PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  image_id         TEXT NOT NULL,
  registered_image TEXT REFERENCES images (id)
                   GENERATED ALWAYS AS (CASE WHEN image_id LIKE 'dir:%' THEN NULL ELSE image_id END) STORED,
  phase            TEXT NOT NULL CHECK (phase IN ('creating', 'created', 'started', 'exited')),
  created_at       TEXT NOT NULL,
  started_at       TEXT,
  finished_at      TEXT,
  exit_code        INTEGER,
  error            TEXT,
  oom_killed       INTEGER NOT NULL DEFAULT 0,
  boot_id          TEXT,
  owner_pid        INTEGER,
  owner_start      INTEGER,
  auto_remove      INTEGER NOT NULL DEFAULT 0,
  config           TEXT NOT NULL                 -- JSON: ContainerConfig
) STRICT, WITHOUT ROWID;
CREATE INDEX containers_by_image ON containers (registered_image);

-- Networks that hand out addresses. The subnet is chosen once, so that every command agrees on it.
CREATE TABLE networks (
  name          TEXT PRIMARY KEY,
  subnet        TEXT NOT NULL,                   -- CIDR, 172.30.0.0/16; its first address is the gateway
  first_address INTEGER NOT NULL,                -- of those that containers get
  last_address  INTEGER NOT NULL,
  next_address  INTEGER NOT NULL                 -- where the search for a free one starts
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  network      TEXT NOT NULL,
  address      INTEGER NOT NULL,                 -- IPv4 as a number: 172.30.0.2 is 2887647234
  container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
  PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_container ON leases (container_id);
`;

/** SQL of each migration, oldest first. */
export const MIGRATIONS: readonly string[] = [INITIAL_TABLES];

/** The `PRAGMA user_version` of a database that is up to date. */
export const SCHEMA_VERSION = MIGRATIONS.length;
