import { isNestedDeeperThan } from '../base/json-nesting.ts'
import { isObject, type JsonObject } from '../base/json-object.ts'
import { hashBytes, type VerifiedBody } from './signature.ts'

/**
 * The outer objects of Slack's Events API, parsed once. Unknown types and missing fields are normal and pass through.
 * https://docs.slack.dev/apis/events-api
 */

/** How deep JSON may be nested: Slack's own bodies stay below 25; far deeper ones only serve to exhaust a parser (T11). */
export const nestingMax = 64
/** A challenge is a short token; more is not a handshake. */
const challengeCharactersMax = 1024
/** Ids and types are about 13 characters; what is longer than this is none. */
const idCharactersMax = 255

export interface UrlVerification {
  readonly kind: 'url_verification'
  readonly challenge: string
}

export interface EventCallback {
  readonly kind: 'event_callback'
  /** Slack's event_id, or `sha256:…` of the bytes where there is none. */
  readonly eventId: string
  /** The inner event's type. */
  readonly type: string
  readonly teamId: string | undefined
  readonly channelId: string | undefined
  /** When Slack says that it happened, milliseconds; undefined where it does not say. */
  readonly happenedAtMs: number | undefined
  readonly event: JsonObject
}

/** What is kept like an event without being one: `app_rate_limited` and whatever Slack invents next, slash commands, interactions. */
export interface OtherEnvelope {
  readonly kind: 'other'
  readonly eventId: string
  /** The outer type, `slash_command`, or `interactive:<type>`. */
  readonly type: string
  readonly teamId: string | undefined
  readonly channelId: string | undefined
}

export type Envelope = UrlVerification | EventCallback | OtherEnvelope

/** What the signed bytes say; undefined where they are not UTF-8, not JSON, nested too deeply, or not an object with a string `type`. */
export function parseEnvelope(body: VerifiedBody): Envelope | undefined {
  const outer = parseJsonObject(body.bytes)
  if (outer === undefined || typeof outer['type'] !== 'string') return undefined
  if (outer['type'] === 'url_verification') return asUrlVerification(outer)
  const eventId = asText(outer['event_id']) ?? `sha256:${hashBytes(body.bytes)}`
  const event = outer['event']
  if (outer['type'] === 'event_callback' && isObject(event)) return asEventCallback(outer, event, eventId)
  return {
    kind: 'other',
    eventId,
    type: outer['type'],
    teamId: asText(outer['team_id']),
    channelId: undefined,
  }
}

function asUrlVerification(outer: JsonObject): UrlVerification | undefined {
  const challenge = outer['challenge']
  if (typeof challenge !== 'string' || challenge.length > challengeCharactersMax) return undefined
  return { kind: 'url_verification', challenge }
}

function asEventCallback(outer: JsonObject, event: JsonObject, eventId: string): EventCallback {
  const eventTime = outer['event_time']
  return {
    kind: 'event_callback',
    eventId,
    type: asText(event['type']) ?? 'unknown',
    teamId: asText(outer['team_id']),
    channelId: channelOf(event),
    happenedAtMs: typeof eventTime === 'number' ? eventTime * 1000 : undefined,
    event,
  }
}

/** The channel that an inner event is about. Slack spells it as an id, as an object, or inside `item`. */
export function channelOf(event: JsonObject): string | undefined {
  const { channel, channel_id: channelId, item } = event
  if (isObject(channel)) return asText(channel['id'])
  return asText(channel) ?? asText(channelId) ?? (isObject(item) ? asText(item['channel']) : undefined)
}

// Fatal: replacing bad bytes would make us act on text that nobody signed. ignoreBOM keeps the mark, so that JSON.parse refuses it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A JSON object of bounded depth in UTF-8, or undefined. */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  if (isNestedDeeperThan(bytes, nestingMax)) return undefined
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** An id or a type: short text that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= idCharactersMax ? value : undefined
}
