import { neutralise, truncate } from '../base/text.ts'
import type { EventView, GroupView, LetterView } from '../events/event-view.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { renderTable } from './table-layout.ts'
import { UsageError } from './usage-error.ts'

/** One JSON object a line for programs: where --json asks for it, or nobody looks at the output. */
export function isForPrograms({ stdout }: CliContext, { own }: ParsedFlags): boolean {
  return own['json'] === true || !stdout.isTerminal
}

export function asJsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}

/** Ids and types come from outside: on a terminal they are kept on their line and cannot steer it. */
export function asCell(text: string | null, charactersMax = 60): string {
  if (text === null || text === '') return '-'
  return neutralise(truncate(text, charactersMax).replace(/\s/g, ' '))
}

const timeFrom = 'YYYY-MM-DDT'.length
const timeTo = 'YYYY-MM-DDTHH:MM:SS'.length
const typeWidth = 24
const idWidth = 14

/** One event on one line, for a list that grows: its time (UTC), type, id and channel. */
export function eventLine(event: EventView): string {
  const time = event.received_at.slice(timeFrom, timeTo)
  const cells = [
    time,
    asCell(event.type).padEnd(typeWidth),
    asCell(event.id).padEnd(idWidth),
    asCell(event.channel_id),
  ]
  return `${cells.join('  ')}\n`
}

export function letterTable(letters: readonly LetterView[]): string {
  return renderTable([
    ['DEAD', 'ID', 'TYPE', 'GROUP', 'TRIES', 'REASON'],
    ...letters.map(({ dead_at: deadAt, id, type, group, attempts, reason }) => [
      deadAt.slice(0, timeTo),
      asCell(id),
      asCell(type),
      asCell(group),
      String(attempts),
      asCell(reason),
    ]),
  ])
}

export function groupTable(groups: readonly GroupView[]): string {
  return renderTable([
    ['GROUP', 'PENDING', 'LAST ACTIVE'],
    ...groups.map(({ group, pending, active_at: activeAt }) => [
      asCell(group),
      String(pending),
      activeAt === null ? 'never' : activeAt.slice(0, timeTo),
    ]),
  ])
}

/** What is known of an event, a line each, then what its bytes say. */
export function eventPage(event: EventView): string {
  const { data, body_base64: body, ...known } = event
  const lines = Object.entries(known).map(([name, value]) => [
    name,
    asCell(value === null ? null : String(value), 255),
  ])
  const content =
    data === null || data === undefined ? `base64 ${body ?? ''}` : JSON.stringify(data, undefined, 2)
  return `${renderTable(lines)}\n${neutralise(content)}\n`
}

/** The number of a flag such as --limit. Throws UsageError. */
export function asCount(
  text: string | true | undefined,
  { flag, fallback, max }: { readonly flag: string; readonly fallback: number; readonly max: number },
): number {
  if (text === undefined) return fallback
  const count = /^\d{1,6}$/.test(String(text)) ? Number(text) : 0
  if (count >= 1 && count <= max) return count
  throw new UsageError(`${flag} takes a number from 1 to ${max}`)
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment: a date and time (ISO 8601, UTC where it names no zone), or how long ago (`30m`, `12h`, `7d`). Wall clock. Throws UsageError. */
export function asMoment(text: string | true, nowMs: number, flag: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(String(text)) ?? []
  if (amount !== undefined) return nowMs - Number(amount) * (unitMs[unit] ?? 0)
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(
    String(text),
  )
  const hasZone = /(Z|[+-]\d{2}:\d{2})$/.test(String(text).slice(timeFrom))
  const ms = isDate
    ? Date.parse(String(text).includes('T') && !hasZone ? `${text}Z` : String(text))
    : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new UsageError(`${flag} takes a time (2026-11-22T14:00Z) or how long ago (30m, 12h, 7d)`)
}
