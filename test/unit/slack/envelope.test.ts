import { describe, expect, test } from 'bun:test'
import { nestingMax, parseEnvelope } from '../../../src/slack/envelope.ts'
import type { VerifiedBody } from '../../../src/slack/signature.ts'
import { verifies } from '../../support/verifies.ts'

/** Parsing is tested without signing; only here is a proof made up. */
const signed = (content: string | Uint8Array): VerifiedBody =>
  ({ bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content }) as VerifiedBody

const parse = (value: unknown) => parseEnvelope(signed(JSON.stringify(value)))

describe('envelopes', () => {
  test('an event_callback yields its ids, inner type, channel and time', () => {
    const event = { type: 'message', channel: 'C1', user: 'U1', ts: '1.2' }
    expect(
      parse({ type: 'event_callback', event_id: 'Ev1', team_id: 'T1', event_time: 1_700_000_000, event }),
    ).toEqual({
      kind: 'event_callback',
      eventId: 'Ev1',
      type: 'message',
      teamId: 'T1',
      channelId: 'C1',
      happenedAtMs: 1_700_000_000_000,
      event,
    })
  })

  test('the channel is found where each kind of event keeps it', () => {
    const channelOf = (event: object) => {
      const envelope = parse({ type: 'event_callback', event_id: 'Ev1', event })
      return envelope?.kind === 'event_callback' ? envelope.channelId : 'none'
    }
    expect(channelOf({ type: 'channel_rename', channel: { id: 'C2', name: 'x' } })).toBe('C2')
    expect(channelOf({ type: 'reaction_added', item: { type: 'message', channel: 'C3' } })).toBe('C3')
    expect(channelOf({ type: 'file_shared', channel_id: 'C4' })).toBe('C4')
    expect(channelOf({ type: 'team_join' })).toBeUndefined()
  })

  test('missing and strange fields pass', () => {
    expect(parse({ type: 'event_callback', event_id: 7, event_time: 'soon', event: {} })).toMatchObject({
      kind: 'event_callback',
      type: 'unknown',
      happenedAtMs: undefined,
    })
    expect(parse({ type: 'app_rate_limited', team_id: 'T1' })).toMatchObject({
      kind: 'other',
      type: 'app_rate_limited',
      teamId: 'T1',
    })
    expect(parse({ type: 'event_callback', event: 'text' })).toMatchObject({
      kind: 'other',
      type: 'event_callback',
    })
  })

  verifies('webhook:dedupe:no-event-id', 'an event without an event_id is known by its bytes', () => {
    const first = parse({ type: 'event_callback', event: { type: 'message' } })
    const again = parse({ type: 'event_callback', event: { type: 'message' } })
    const other = parse({ type: 'event_callback', event: { type: 'message', text: 'x' } })
    if (
      first?.kind !== 'event_callback' ||
      again?.kind !== 'event_callback' ||
      other?.kind !== 'event_callback'
    ) {
      return expect.unreachable()
    }
    expect(first.eventId).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(again.eventId).toBe(first.eventId)
    expect(other.eventId).not.toBe(first.eventId)
  })

  verifies('webhook:body:json', 'refuses what is not a JSON object with a string type', () => {
    for (const body of [
      '',
      'null',
      '[]',
      '"x"',
      '7',
      '{',
      '{}',
      '{"type":7}',
      '{"type":"x"} trailing',
      '\ufeff{"type":"x"}',
    ]) {
      expect(parseEnvelope(signed(body))).toBeUndefined()
    }
    expect(parseEnvelope(signed(new Uint8Array([0x7b, 0xff, 0x7d])))).toBeUndefined()
    expect(parseEnvelope(signed('{"type":"x"}'))?.kind).toBe('other')
  })

  verifies(
    'webhook:body:nesting',
    'takes 64 levels and refuses 65, counting no bracket inside a string',
    () => {
      const nested = (levels: number) => `{"type":"x","a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
      expect(parseEnvelope(signed(nested(nestingMax - 1)))?.kind).toBe('other')
      expect(parseEnvelope(signed(nested(nestingMax)))?.kind).toBe('other')
      expect(parseEnvelope(signed(nested(nestingMax + 1)))).toBeUndefined()
      expect(parseEnvelope(signed(nested(60_000)))).toBeUndefined()
      expect(parseEnvelope(signed(`{"type":"${'\\"{['.repeat(200)}"}`))?.kind).toBe('other')
    },
  )

  test('a handshake needs a short challenge', () => {
    expect(parse({ type: 'url_verification', challenge: 'c'.repeat(1024) })).toEqual({
      kind: 'url_verification',
      challenge: 'c'.repeat(1024),
    })
    expect(parse({ type: 'url_verification', challenge: 'c'.repeat(1025) })).toBeUndefined()
    expect(parse({ type: 'url_verification', challenge: { a: 1 } })).toBeUndefined()
  })

  test('names that pollute prototypes are plain data', () => {
    const envelope = parseEnvelope(
      signed('{"type":"x","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    )
    expect(envelope?.kind).toBe('other')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
