import { neutralise, truncate } from '../base/text.ts'
import { isSecretName, type Redactor, redacted } from './redaction.ts'

/** Limits of one log line, so that nothing that is logged can make logging the problem. */
const depthMax = 6
const itemsMax = 50
const textCharactersMax = 4_096
const causesMax = 5
const cut = '[cut]'
const unreadable = '[unreadable]'

/**
 * The fields of a log line as members of a JSON object, each behind a comma: secrets taken out, deceptive characters shown, every size bounded.
 * A name of `reserved` is written as `field_<name>`. Never throws. As text and not as an object, since every event that is received writes a
 * line: with an object between, and another to merge it into, the line costs three times as much.
 */
export function asLogMembers(
  fields: LogObject,
  redactor: Redactor,
  reserved: ReadonlySet<string> = new Set(),
): string {
  try {
    return members(fields, redactor, reserved)
  } catch {
    return `,"fields":"${unreadable}"`
  }
}

function members(fields: LogObject, redactor: Redactor, reserved: ReadonlySet<string>): string {
  let text = ''
  let count = 0
  for (const name in fields) {
    if (!Object.hasOwn(fields, name)) continue
    if (++count > itemsMax) return `${text},"${cut}":true`
    const known = fieldName(name, redactor)
    const value = fieldText(known, fields[name], redactor, fields)
    if (value !== undefined)
      text += `,${reserved.has(known.shown) ? known.quotedAside : known.quoted}:${value}`
  }
  return text
}

/** The same as plain data, for whoever keeps it. Never throws. */
export function asLogFields(fields: LogObject, redactor: Redactor): LogObject {
  try {
    return objectFields(fields, { redactor, depth: 0, seen: new Set([fields]) })
  } catch {
    return { fields: unreadable }
  }
}

type LogObject = Readonly<Record<string, unknown>>

/** The JSON of one value; undefined for what has none. Most are short texts and numbers, which need no serializer. */
function fieldText(
  { isSecret }: FieldName,
  value: unknown,
  redactor: Redactor,
  line: LogObject,
): string | undefined {
  if (typeof value === 'string') return isSecret ? `"${redacted}"` : quote(asText(value, redactor))
  if (typeof value === 'number' && Number.isFinite(value)) return String(rounded(value))
  if (value === null) return 'null'
  if (isSecret && typeof value === 'object') return `"${redacted}"`
  return JSON.stringify(asLogValue(value, { redactor, depth: 0, seen: new Set([line]) }))
}

/** What JSON writes as it is. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

interface Walk {
  readonly redactor: Redactor
  readonly depth: number
  /** The objects around the current one: meeting one again is a cycle. */
  readonly seen: Set<object>
}

function asLogValue(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return asText(value, walk.redactor)
    case 'number':
      return Number.isFinite(value) ? rounded(value) : String(value)
    case 'boolean':
    case 'undefined':
      return value
    case 'bigint':
      return String(value)
    case 'symbol':
    case 'function':
      return undefined
    case 'object':
      return value === null ? null : asLogObject(value, walk)
  }
}

/** Durations come as differences of a clock with nanoseconds: beyond six decimals is noise that makes lines longer. Whole numbers stay as they are, however large. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1e6) / 1e6
}

function asLogObject(value: object, walk: Walk): unknown {
  if (walk.seen.has(value)) return '[circular]'
  if (walk.depth >= depthMax) return cut
  walk.seen.add(value)
  try {
    return describe(value, { ...walk, depth: walk.depth + 1 })
  } catch {
    // A getter, a toJSON or a proxy of somebody else threw: the line goes out without it.
    return unreadable
  } finally {
    walk.seen.delete(value)
  }
}

function describe(value: object, walk: Walk): unknown {
  if (value instanceof Error) return errorFields(value, walk)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return items(value, walk)
  if (value instanceof Set) return items([...value].slice(0, itemsMax + 1), walk)
  if (value instanceof Map) return objectFields(Object.fromEntries(value), walk)
  if ('toJSON' in value && typeof value.toJSON === 'function') return asLogValue(value.toJSON(), walk)
  return objectFields(value, walk)
}

function items(values: readonly unknown[], walk: Walk): unknown[] {
  const kept = values.slice(0, itemsMax).map((value) => asLogValue(value, walk) ?? null)
  if (values.length > itemsMax) kept.push(cut)
  return kept
}

function objectFields(value: object, walk: Walk): Record<string, unknown> {
  // Without a prototype a key named __proto__ is a key like any other (T13).
  const fields: Record<string, unknown> = Object.create(null)
  let count = 0
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue
    if (++count > itemsMax) {
      fields[cut] = true
      break
    }
    const field: unknown = (value as Readonly<Record<string, unknown>>)[name]
    const { shown, isSecret } = fieldName(name, walk.redactor)
    const isHidden = isSecret && (typeof field === 'string' || typeof field === 'object')
    const kept = isHidden && field !== null ? redacted : asLogValue(field, walk)
    if (kept !== undefined) fields[shown] = kept
  }
  return fields
}

interface FieldName {
  readonly shown: string
  /** `shown` as JSON. */
  readonly quoted: string
  /** The same where `shown` is a name of the line's own. */
  readonly quotedAside: string
  /** Whether its value is a secret whatever it looks like. */
  readonly isSecret: boolean
}

/** The names of our own lines are some hundreds; beyond this somebody else's objects are being logged. */
const namesKeptMax = 1_000
/** Names repeat in every line, and looking at them costs more than at most values. */
const namesSeen = new WeakMap<Redactor, Map<string, FieldName>>()

function fieldName(name: string, redactor: Redactor): FieldName {
  const seen = namesSeen.get(redactor)
  const known = seen?.get(name)
  if (known !== undefined) return known
  const clean = asText(name, redactor)
  const found = {
    shown: clean,
    quoted: quote(clean),
    quotedAside: quote(`field_${clean}`),
    isSecret: isSecretName(name),
  }
  if (seen === undefined) namesSeen.set(redactor, new Map([[name, found]]))
  else if (seen.size < namesKeptMax) seen.set(name, found)
  return found
}

/** What a log says about a failure: the same for errors of ours, of libraries and of the runtime; causes nest under `cause`. */
function errorFields(error: Error, walk: Walk): Record<string, unknown> {
  const fields: Record<string, unknown> = { type: asText(error.name, walk.redactor) }
  const { code, component, details } = error as Partial<Record<'code' | 'component' | 'details', unknown>>
  if (typeof code === 'string' || typeof code === 'number') fields['code'] = asLogValue(code, walk)
  fields['message'] = asText(error.message, walk.redactor)
  if (typeof component === 'string') fields['component'] = asText(component, walk.redactor)
  if (typeof details === 'object' && details !== null) fields['details'] = asLogValue(details, walk)
  if (typeof error.stack === 'string') fields['stack'] = asText(error.stack, walk.redactor)
  if (error instanceof AggregateError) fields['errors'] = items(error.errors.slice(0, causesMax), walk)
  if (error.cause !== undefined) fields['cause'] = asLogValue(error.cause, walk)
  return fields
}

/** Printable ASCII needs no neutralising. */
const unusual = /[^\x20-\x7e]/

/** Cut first, so that a huge text costs no more than its head; then what the cut left of a secret is dropped with the margin. */
function asText(text: string, redactor: Redactor): string {
  const margin = redactor.secretCharactersMax()
  const isLong = text.length > textCharactersMax + margin
  const head = isLong ? text.slice(0, textCharactersMax + margin) : text
  const clean = redactor.redact(head)
  const kept = isLong ? `${clean.slice(0, clean.length - margin)}…` : clean
  return truncate(unusual.test(kept) ? shown(kept) : kept, textCharactersMax)
}

/** Some readers take the separators of Unicode for line ends. */
function shown(text: string): string {
  return neutralise(text).replace(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? '\\u{2028}' : '\\u{2029}',
  )
}
