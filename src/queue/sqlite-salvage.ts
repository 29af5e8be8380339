import { integer, type SqlDatabase, type SqlRow, type SqlValue, text } from './sqlite-database.ts'
import { forgetDamagedGroups, recountLedger } from './sqlite-ledger.ts'
import { mendGroups, mendTopics } from './sqlite-row-repair.ts'

/** A table and the columns that order its rows. */
interface Table {
  readonly name: string
  readonly key: readonly string[]
}

/** Every table with something to rescue; what refers to another table comes after it. */
const tables: readonly Table[] = [
  { name: 'topics', key: ['topic_id'] },
  { name: 'groups', key: ['group_id'] },
  { name: 'events', key: ['seq'] },
  { name: 'taken', key: ['group_id', 'seq'] },
  { name: 'seen', key: ['topic_id', 'id'] },
  { name: 'dead_letters', key: ['letter_id'] },
  { name: 'quarantine', key: ['rowid'] },
]

/** Between two damaged places rows are looked up one by one, as long as there are no more numbers than this. */
const lookUpsMax = 1_000_000

/**
 * Copies what can still be read from a damaged file into a new one, and makes the counts those of the rows. Checksums of events are not looked at:
 * a damaged one is found when it is handed out. Returns how many events were rescued.
 */
export function salvage(damaged: SqlDatabase, fresh: SqlDatabase): number {
  fresh.run('BEGIN IMMEDIATE')
  for (const table of tables) copyTable(table, damaged, fresh)
  for (const mend of [mendTopics, mendGroups]) mendIfReadable(mend, damaged, fresh)
  forgetDamagedGroups(fresh)
  for (const statement of repairs) fresh.run(statement)
  recountLedger(fresh)
  fresh.run('COMMIT')
  return integer(fresh.prepare('SELECT count(*) AS events FROM events').get(), 'events')
}

/** Where their page cannot be read there is nothing to learn from it. */
function mendIfReadable(mend: typeof mendTopics, damaged: SqlDatabase, fresh: SqlDatabase): void {
  try {
    mend(damaged, fresh)
  } catch {
    // They stay as they were copied.
  }
}

/** What became untrue by what was lost. */
const repairs = [
  'DELETE FROM groups WHERE topic_id NOT IN (SELECT topic_id FROM topics)',
  'DELETE FROM events WHERE topic_id NOT IN (SELECT topic_id FROM topics)',
  'DELETE FROM events WHERE only_group_id NOT IN (SELECT group_id FROM groups) AND only_group_id IS NOT NULL',
  'DELETE FROM taken WHERE seq NOT IN (SELECT seq FROM events) OR group_id NOT IN (SELECT group_id FROM groups)',
]

/** From both ends up to what cannot be read, then whatever lies between. */
function copyTable({ name, key }: Table, damaged: SqlDatabase, fresh: SqlDatabase): void {
  let insert: ((row: SqlRow) => void) | undefined
  const keep = (row: SqlRow) => {
    insert ??= inserterOf(name, Object.keys(row).length, fresh)
    insert(row)
  }
  const last = readUntilDamage(damaged, `SELECT * FROM ${name} ORDER BY ${key.join(', ')}`, keep)
  if (last === 'all') return
  const backwards = key.map((column) => `${column} DESC`).join(', ')
  const first = readUntilDamage(damaged, `SELECT * FROM ${name} ORDER BY ${backwards}`, keep)
  const [only, ...others] = key
  if (only === undefined || others.length > 0 || last === undefined || first === undefined || first === 'all')
    return
  lookUp({ table: name, column: only, from: last[only], to: first[only] }, damaged, keep)
}

/** By the order of the columns: their names may be what was damaged. An older file lacks the last ones. */
function inserterOf(name: string, columnCount: number, fresh: SqlDatabase): (row: SqlRow) => void {
  const columns = fresh
    .prepare('SELECT name FROM pragma_table_info(?) LIMIT ?')
    .all(name, columnCount)
    .map((column) => text(column, 'name'))
  const placeholders = Array.from({ length: columnCount }, () => '?').join(', ')
  const insert = fresh.prepare(
    `INSERT OR IGNORE INTO ${name} (${columns.join(', ')}) VALUES (${placeholders})`,
  )
  return (row) => {
    try {
      insert.run(...Object.values(row))
    } catch {
      // Not what the table can hold (a text where a number was): damaged, and left where it is.
    }
  }
}

/** The last row that could be read, or `all` where that was the end. */
function readUntilDamage(
  damaged: SqlDatabase,
  sql: string,
  keep: (row: SqlRow) => void,
): SqlRow | 'all' | undefined {
  let last: SqlRow | undefined
  try {
    for (const row of damaged.prepare(sql).iterate()) {
      keep(row)
      last = row
    }
    return 'all'
  } catch {
    return last
  }
}

function lookUp(
  gap: {
    readonly table: string
    readonly column: string
    readonly from: SqlValue | undefined
    readonly to: SqlValue | undefined
  },
  damaged: SqlDatabase,
  keep: (row: SqlRow) => void,
): void {
  const { table, column, from, to } = gap
  if (typeof from !== 'number' || typeof to !== 'number' || to - from > lookUpsMax) return
  const find = damaged.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`)
  for (let key = from + 1; key < to; key++) {
    try {
      const row = find.get(key)
      if (row !== null) keep(row)
    } catch {
      // On a page that cannot be read.
    }
  }
}
