import { BoundedMap } from '../base/bounded-map.ts'
import { asIsoTime } from '../base/clock.ts'
import { argumentError } from './argument-error.ts'

/** The forms in which a time may be given, for refusals and descriptions. */
const acceptedTimes = 'a Slack ts, ISO 8601, 30m/24h/7d/2w ago, now, today or yesterday'

const unitMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

export interface TimeFrame {
  readonly nowMs: number
  /** IANA name; times without an offset are meant there. */
  readonly timezone: string
}

/** The past time that `given` means, as a Slack ts. Throws TOOL_ARGUMENTS_INVALID for `field`. */
export function parsePastTime(field: string, given: string, frame: TimeFrame): string {
  const text = given.trim()
  // A ts is passed on as text: its last digits do not survive a number.
  if (/^\d{10}(\.\d{1,6})?$/.test(text)) return text
  const ago = /^(\d{1,5})([mhdw])$/.exec(text)
  const atMs = ago === null ? parseMoment(text, frame) : frame.nowMs - offsetMs(ago)
  if (atMs !== undefined) return asTs(atMs)
  throw argumentError({ field, given, accepted: acceptedTimes, example: '7d' })
}

/** The two ends of a range as Slack takes them. Throws TOOL_ARGUMENTS_INVALID also where nothing can lie between them. */
export function parsePastRange(
  given: { readonly oldest?: string | undefined; readonly latest?: string | undefined },
  frame: TimeFrame,
): { readonly oldest?: string; readonly latest?: string } {
  const oldest = given.oldest === undefined ? undefined : parsePastTime('oldest', given.oldest, frame)
  const latest = given.latest === undefined ? undefined : parsePastTime('latest', given.latest, frame)
  if (oldest !== undefined && latest !== undefined && Number(oldest) > Number(latest)) {
    throw argumentError({
      field: 'oldest',
      given: given.oldest,
      accepted: 'a time before that of latest',
      example: '7d',
    })
  }
  return { ...(oldest === undefined ? {} : { oldest }), ...(latest === undefined ? {} : { latest }) }
}

/** The future time that `given` means, in whole seconds since 1970. Throws TOOL_ARGUMENTS_INVALID for `field`. */
export function parseFutureSeconds(field: string, given: string, frame: TimeFrame): number {
  const text = given.trim()
  if (/^\d{10}$/.test(text)) return Number(text)
  const ahead = /^(?:in |\+)?(\d{1,5})([mhdw])$/.exec(text)
  const atMs = ahead === null ? parseMoment(text, frame) : frame.nowMs + offsetMs(ahead)
  if (atMs !== undefined) return Math.floor(atMs / 1000)
  throw argumentError({
    field,
    given,
    accepted: 'ISO 8601, seconds since 1970, or 30m/2h/3d from now',
    example: '2026-12-01T09:00',
  })
}

function offsetMs(match: RegExpExecArray): number {
  return Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0)
}

function parseMoment(text: string, frame: TimeFrame): number | undefined {
  switch (text.toLowerCase()) {
    case 'now':
      return frame.nowMs
    case 'today':
      return startOfDay(frame, 0)
    case 'yesterday':
      return startOfDay(frame, -1)
    default:
      return parseIso(text, frame.timezone)
  }
}

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

function parseIso(text: string, timezone: string): number | undefined {
  const match = isoPattern.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0))
  const utcMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0)
  // The 31st of February rolls over silently, and so does hour 25: what is written must be what was read.
  const readBack = asIsoTime(utcMs).slice(0, 16)
  const given = `${match[1]}-${match[2]}-${match[3]}T${match[4] ?? '00'}:${match[5] ?? '00'}`
  if (readBack !== given) return undefined
  const zone = match[7]
  return zone === undefined ? asZoned(utcMs, timezone) : utcMs - offsetOf(zone)
}

function offsetOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}

function startOfDay({ nowMs, timezone }: TimeFrame, daysFromToday: number): number {
  const { year, month, day } = partsIn(timezone, nowMs)
  return asZoned(Date.UTC(year, month - 1, day + daysFromToday), timezone)
}

/** The moment at which the clocks of `timezone` show what `utcMs` shows in UTC. Twice, because the first guess may lie behind a clock change. */
function asZoned(utcMs: number, timezone: string): number {
  const guess = utcMs - zoneOffsetMs(timezone, utcMs)
  return utcMs - zoneOffsetMs(timezone, guess)
}

function zoneOffsetMs(timezone: string, atMs: number): number {
  const { year, month, day, hour, minute, second } = partsIn(timezone, atMs)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000
}

interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

function partsIn(timezone: string, atMs: number): DateParts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

/** A moment as Slack writes it: seconds with six digits behind the point. */
export function asTs(atMs: number): string {
  const seconds = Math.floor(atMs / 1000)
  return `${seconds}.${String(Math.round(atMs - seconds * 1000) * 1000).padStart(6, '0')}`
}

/** Writes moments as local times. */
export interface LocalTime {
  /** `2026-11-24` */
  day(atMs: number): string
  /** `14:05` */
  time(atMs: number): string
}

/**
 * Making the formatters of a zone takes longer than all else that a tool does to say what it knows. What they write depends on the zone alone, so
 * that several servers in a process may share them.
 */
const localTimes = new BoundedMap<string, LocalTime>({ entriesMax: 64 })

/** The local time of a zone by its IANA name. Throws RangeError for a zone that this machine does not know. */
export function localTimeIn(timezone: string): LocalTime {
  const known = localTimes.get(timezone)
  if (known !== undefined) return known
  const made = makeLocalTime(timezone)
  localTimes.set(timezone, made)
  return made
}

function makeLocalTime(timezone: string): LocalTime {
  const day = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, hour: '2-digit', minute: '2-digit' })
  return {
    day: keepMinute((atMs) => day.format(atMs)),
    time: keepMinute((atMs) => time.format(atMs)),
  }
}

const minuteMs = 60_000

/** The last text of `write` again for moments in the same minute: the clocks of no zone have turned within one since 1972. */
function keepMinute(write: (atMs: number) => string): (atMs: number) => string {
  let keptMinute: number | undefined
  let kept = ''
  return (atMs) => {
    const minute = Math.floor(atMs / minuteMs)
    if (minute !== keptMinute) {
      kept = write(atMs)
      keptMinute = minute
    }
    return kept
  }
}

/** Milliseconds of a Slack ts; only for showing, never to be turned back. */
export function tsMs(ts: string): number {
  return Number(ts) * 1000
}
