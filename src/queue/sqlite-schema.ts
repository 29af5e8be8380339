import { integer, type SqlDatabase } from './sqlite-database.ts'
import { eventColumnDefinitions } from './sqlite-row.ts'

/** Of the file. A release reads its own version and the one before, and refuses a newer one without touching it. */
export const schemaVersion = 1

const schema = `
CREATE TABLE topics (
  topic_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
  row_checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, only_group_id INTEGER, stored_at_ms INTEGER NOT NULL, ${eventColumnDefinitions}
) STRICT;
CREATE INDEX events_put_back ON events (only_group_id) WHERE only_group_id IS NOT NULL;
CREATE TABLE seen (
  topic_id INTEGER NOT NULL, id TEXT NOT NULL, seen_at_ms INTEGER NOT NULL, PRIMARY KEY (topic_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_age ON seen (seen_at_ms);
CREATE TABLE groups (
  group_id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, name TEXT NOT NULL, cursor INTEGER NOT NULL, pending INTEGER NOT NULL,
  pending_bytes INTEGER NOT NULL, active_at_ms INTEGER, row_checksum INTEGER NOT NULL, UNIQUE (topic_id, name)
) STRICT;
CREATE TABLE taken (
  group_id INTEGER NOT NULL, seq INTEGER NOT NULL, tries INTEGER NOT NULL, is_begun INTEGER NOT NULL, PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_by_seq ON taken (seq);
CREATE TABLE dead_letters (
  letter_id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, group_name TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL,
  dead_at_ms INTEGER NOT NULL, ${eventColumnDefinitions}
) STRICT;
CREATE UNIQUE INDEX dead_letters_by_event ON dead_letters (id, group_name, topic_id);
CREATE TABLE quarantine (
  quarantined_at_ms INTEGER NOT NULL, seq INTEGER NOT NULL, topic_id INTEGER, id, payload
);
CREATE TABLE pings (ping_id INTEGER PRIMARY KEY, pinged_at_ms INTEGER NOT NULL) STRICT;
`

/** Throws where a newer release has written the file; changes nothing. */
export function refuseNewerSchema(db: SqlDatabase): void {
  const version = readVersion(db)
  if (version > schemaVersion) throw new NewerSchemaError(version)
}

/** Makes the tables of a new file, or brings an older one up to date. */
export function prepareSchema(db: SqlDatabase): void {
  if (readVersion(db) === schemaVersion) return
  db.run('BEGIN IMMEDIATE')
  db.run(schema)
  db.run(`PRAGMA user_version = ${schemaVersion}`)
  db.run('COMMIT')
}

function readVersion(db: SqlDatabase): number {
  return integer(db.prepare('PRAGMA user_version').get(), 'user_version')
}

export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError'
  readonly version: number

  constructor(version: number) {
    super(`The file has schema ${version}, this release knows ${schemaVersion}`)
    this.version = version
  }
}
