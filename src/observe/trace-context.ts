/**
 * The place in a trace that work belongs to, as it travels: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/). Whoever sends a
 * request may write anything into it, so what is not exactly of that form is no context.
 */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  readonly isSampled: boolean
  /** What tracing systems hand on through us, as in the header; undefined where there is nothing. */
  readonly state?: string | undefined
}

/** A context as two texts: headers, `_meta` of MCP, fields of a kept event. */
export interface TraceTexts {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
}

/** Version 00 ends here; later ones may go on behind another dash. */
const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/
const traceparentCharactersMax = 256
const sampledFlag = 1

/** What the standard asks everybody to pass on at least; nothing asks us to keep more for a stranger. */
const stateCharactersMax = 512
const stateMembersMax = 32
const stateKeyPattern = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/
const stateValuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The context that the texts say, or undefined where `traceparent` is none. A `tracestate` that is none is left out, as the standard says. */
export function parseTraceContext(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > traceparentCharactersMax) return undefined
  const [, version, traceId = '', spanId = '', flags = '', rest] = traceparentPattern.exec(traceparent) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (isZero(traceId) || isZero(spanId)) return undefined
  const isSampled = (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag
  const state = parseTraceState(tracestate)
  return { traceId, spanId, isSampled, ...(state === undefined ? {} : { state }) }
}

function isZero(digits: string): boolean {
  return /^0+$/.test(digits)
}

function parseTraceState(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > stateCharactersMax) return undefined
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
  const keys = new Set<string>()
  for (const member of members) {
    const equals = member.indexOf('=')
    const key = member.slice(0, equals)
    if (equals < 1 || !stateKeyPattern.test(key) || !stateValuePattern.test(member.slice(equals + 1)))
      return undefined
    keys.add(key)
  }
  if (members.length === 0 || members.length > stateMembersMax || keys.size < members.length) return undefined
  return members.join(',')
}

/** The texts of a context, for whoever is to go on with it. */
export function renderTraceContext({ traceId, spanId, isSampled, state }: TraceContext): {
  readonly traceparent: string
  readonly tracestate?: string
} {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
  return state === undefined ? { traceparent } : { traceparent, tracestate: state }
}
