import { damaged, integer, type SqlDatabase, text } from './sqlite-database.ts'
import { eventColumnDefinitions, traceColumnDefinitions } from './sqlite-row.ts'

/** Of the file. A release brings every earlier version up to its own, keeping what it holds, and refuses a newer one without touching it. */
export const schemaVersion = 2

/** The text of a schema; what later versions added stands where SQLite itself writes it when a column is added. */
const schemaText = (addedEventColumns: readonly string[]) => {
  const added = addedEventColumns.map((column) => `, ${column}`).join('')
  return `
CREATE TABLE topics (
  topic_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
  row_checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, only_group_id INTEGER, stored_at_ms INTEGER NOT NULL, ${eventColumnDefinitions}
${added}) STRICT;
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
${added}) STRICT;
CREATE UNIQUE INDEX dead_letters_by_event ON dead_letters (id, group_name, topic_id);
CREATE TABLE quarantine (
  quarantined_at_ms INTEGER NOT NULL, seq INTEGER NOT NULL, topic_id INTEGER, id, payload
);
CREATE TABLE pings (ping_id INTEGER PRIMARY KEY, pinged_at_ms INTEGER NOT NULL) STRICT;
`
}

/** A version of the file, and how it becomes the next one. */
interface SchemaStep {
  readonly text: string
  readonly upgrade: readonly string[]
}

/** Every version there was, the first one first. */
const versions: readonly SchemaStep[] = [
  {
    text: schemaText([]),
    upgrade: ['events', 'dead_letters'].flatMap((table) =>
      traceColumnDefinitions.map((column) => `ALTER TABLE ${table} ADD COLUMN ${column}`),
    ),
  },
  { text: schemaText(traceColumnDefinitions), upgrade: [] },
]

/** Throws where a newer release has written the file; changes nothing. */
export function refuseNewerSchema(db: SqlDatabase): void {
  const version = readVersion(db)
  if (version > schemaVersion) throw new NewerSchemaError(version)
}

/**
 * Makes the tables of a new file, and those of this release of an older one, in one transaction. Throws where a file that has tables has not
 * those that were written: a flipped bit in the name of a column leaves a file that SQLite reads without complaint and no statement of ours fits.
 */
export function prepareSchema(db: SqlDatabase): void {
  const found = definitionsIn(db)
  // By the tables: the number may be what was damaged.
  const known = versions.findIndex((version) => Bun.deepEquals(found, definitionsOf(version.text)))
  if (known === schemaVersion - 1) return
  const isNew = found.length === 0 && readVersion(db) === 0
  if (known < 0 && !isNew) throw damaged('schema')
  db.run('BEGIN IMMEDIATE')
  if (isNew) db.run(schemaText(traceColumnDefinitions))
  else for (const statement of versions.slice(known).flatMap((step) => step.upgrade)) db.run(statement)
  db.run(`PRAGMA user_version = ${schemaVersion}`)
  db.run('COMMIT')
}

/** SQLite keeps each definition as it was written. */
function definitionsOf(schema: string): readonly string[] {
  return schema
    .split(';')
    .map((definition) => definition.trim())
    .filter((definition) => definition !== '')
    .sort()
}

function definitionsIn(db: SqlDatabase): readonly string[] {
  return db
    .prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')
    .all()
    .map((row) => text(row, 'sql'))
    .sort()
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
