import { Refusal } from './refusal.ts'

/** What a page is cut from: positions from 0, each with an id that can be found again. */
export interface Pageable<T> {
  readonly count: number
  at(index: number): T | undefined
  indexOf(id: string): number
  idOf(item: T): string
}

export interface PageRequest<T> {
  /** Opaque; undefined for the first page. */
  readonly cursor: string | undefined
  readonly limit: number
  /** What the cursor says before the colon: a cursor of one method is no cursor of another. */
  readonly label: string
  readonly isWanted?: (item: T) => boolean
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Empty on the last page, as in Slack. */
  readonly nextCursor: string
}

/** Cuts one page. The cursor names the next item, so that what is added meanwhile neither repeats nor hides anything. Throws invalid_cursor. */
export function cutPage<T>(source: Pageable<T>, request: PageRequest<T>): Page<T> {
  const items: T[] = []
  for (let index = startOf(source, request); index < source.count; index++) {
    const item = source.at(index)
    if (item === undefined || request.isWanted?.(item) === false) continue
    if (items.length === request.limit) {
      return { items, nextCursor: asCursor(request.label, source.idOf(item)) }
    }
    items.push(item)
  }
  return { items, nextCursor: '' }
}

function startOf<T>(source: Pageable<T>, { cursor, label }: PageRequest<T>): number {
  if (cursor === undefined) return 0
  const index = source.indexOf(parseCursor(label, cursor))
  if (index === -1) throw new Refusal('invalid_cursor')
  return index
}

export function asCursor(label: string, id: string): string {
  return Buffer.from(`${label}:${id}`).toString('base64')
}

/** The id in a cursor with this label. Throws invalid_cursor for every other text, also where decoding would be lenient. */
export function parseCursor(label: string, cursor: string): string {
  const id = Buffer.from(cursor, 'base64')
    .toString()
    .slice(label.length + 1)
  if (asCursor(label, id) !== cursor) throw new Refusal('invalid_cursor')
  return id
}
