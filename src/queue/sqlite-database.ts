/** The part of bun:sqlite that the store uses: only the worker's entry file imports the real one. */

export type SqlValue = string | number | null | Uint8Array
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface SqlStatement {
  run(...values: SqlValue[]): { readonly changes: number }
  get(...values: SqlValue[]): SqlRow | null
  all(...values: SqlValue[]): readonly SqlRow[]
  iterate(...values: SqlValue[]): IterableIterator<SqlRow>
}

export interface SqlDatabase {
  prepare(sql: string): SqlStatement
  run(sql: string): unknown
  close(): void
}

export type OpenSqlDatabase = (path: string) => SqlDatabase

/** A column that can hold nothing but an integer; another type means that the file is damaged. */
export function integer(row: SqlRow | null, column: string): number {
  const value = row?.[column]
  if (typeof value !== 'number') throw damaged(column)
  return value
}

export function text(row: SqlRow | null, column: string): string {
  const value = row?.[column]
  if (typeof value !== 'string') throw damaged(column)
  return value
}

export function optionalText(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column)
}

export function optionalInteger(row: SqlRow | null, column: string): number | undefined {
  const value = row?.[column]
  return value === null || value === undefined ? undefined : integer(row, column)
}

export function blob(row: SqlRow, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw damaged(column)
  return value
}

/** What SQLite itself would throw, had it a checksum for `what`. */
export function damaged(what: string): Error {
  return Object.assign(new Error(`The file is damaged: ${what}`), { code: 'SQLITE_CORRUPT' })
}
