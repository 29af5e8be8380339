import { describe, expect, test } from 'bun:test'
import { type HandledEvent, HandlerRegistry } from '../../../src/events/event-handlers.ts'
import { isMatch, namesOf, parsePattern } from '../../../src/events/event-patterns.ts'
import type { MessageEvent } from '../../../src/events/slack-event.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

async function fixture() {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const queue = new MemoryQueue(memoryLimitsDefault, {
    clock,
    ids: sequentialIds(),
    log,
    metrics: new RecordingMetrics(),
  })
  await queue.start()
  const handlers = new HandlerRegistry({
    queue,
    topic: 't',
    own: () => ({ userId: 'UBOT', botId: 'BBOT' }),
    log,
    concurrencyMax: 4,
  })
  let count = 0
  const publish = async (envelope: object | string, type: string) => {
    const id = `Ev${++count}`
    const bytes = new TextEncoder().encode(typeof envelope === 'string' ? envelope : JSON.stringify(envelope))
    const meta = {
      eventId: id,
      type,
      teamId: 'T1',
      channelId: 'C1',
      receivedAtMs: clock.now(),
      correlationId: id,
      source: 'events',
      retryNum: 0,
    } as const
    await queue.publish({ id, topic: 't', key: 'C1', bytes, meta })
    await settle()
  }
  const event = (inner: { type: string } & Record<string, unknown>, outer: object = {}) =>
    publish({ type: 'event_callback', event: inner, ...outer }, inner.type)
  return { clock, log, queue, handlers, publish, event }
}

describe('event handlers', () => {
  verifies(
    'S110',
    'get the typed inner event and the envelope, by name, channel kind, beginning or all',
    async () => {
      const { handlers, event } = await fixture()
      const seen: string[] = []
      handlers.on(
        'message.im',
        ({ event: message }: { event: MessageEvent }) => void seen.push(`im ${message.ts}`),
      )
      handlers.on(
        'message',
        ({ event: message, envelope }) => void seen.push(`message ${message.channel} ${envelope['team_id']}`),
      )
      handlers.on('reaction_*', ({ event: reaction }) => void seen.push(`reaction ${reaction.type}`))
      handlers.on('*', ({ event: every }) => void seen.push(`any ${every.type}`))
      handlers.start()
      await event(
        { type: 'message', channel: 'D1', channel_type: 'im', user: 'U1', ts: '1.1' },
        { team_id: 'T1' },
      )
      await event(
        { type: 'message', channel: 'C1', channel_type: 'channel', user: 'U1', ts: '1.2' },
        { team_id: 'T1' },
      )
      await event({ type: 'reaction_removed', user: 'U1', reaction: 'tada', item: { type: 'message' } })
      await event({ type: 'team_join' })
      await handlers.stop()
      expect(seen).toEqual([
        'im 1.1',
        'message D1 T1',
        'any message',
        'message C1 T1',
        'any message',
        'reaction reaction_removed',
        'any reaction_removed',
        'any team_join',
      ])
    },
  )

  verifies('S110', 'are found as methods of an object, inherited ones included', async () => {
    const { handlers, event } = await fixture()
    const seen: string[] = []
    class Base {
      onReactionAdded({ event: reaction }: HandledEvent<'reaction_added'>) {
        seen.push(`base ${reaction.reaction}`)
      }
    }
    class Mine extends Base {
      readonly name = 'mine'
      onAppMention({ event: mention }: HandledEvent<'app_mention'>) {
        seen.push(`${this.name} ${mention.text}`)
      }
      onMessageIm({ event: message }: HandledEvent<'message.im'>) {
        seen.push(`im ${message.ts}`)
      }
      onAny() {
        seen.push('any')
      }
      helper() {
        seen.push('never')
      }
    }
    handlers.use(new Mine())
    expect(() => handlers.use({ handle() {} })).toThrow(TypeError)
    handlers.start()
    await event({ type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.1' })
    await event({ type: 'reaction_added', user: 'U1', reaction: 'eyes', item: { type: 'message' } })
    await event({ type: 'message', channel: 'D1', channel_type: 'im', user: 'U1', ts: '1.2' })
    await event({ type: 'message', channel: 'C1', channel_type: 'channel', user: 'U1', ts: '1.3' })
    await handlers.stop()
    expect(seen).toEqual(['mine hi', 'any', 'any', 'base eyes', 'im 1.2', 'any', 'any'])
  })

  test('what the app itself did is left out, unless asked for', async () => {
    const { handlers, event } = await fixture()
    const seen: string[] = []
    handlers.on('*', ({ delivery }) => void seen.push(`default ${delivery.event.id}`))
    handlers.on('*', ({ delivery }) => void seen.push(`all ${delivery.event.id}`), { ignoreSelf: false })
    handlers.start()
    await event({ type: 'message', channel: 'C1', user: 'UBOT', ts: '1.1' })
    await event({ type: 'message', channel: 'C1', bot_id: 'BBOT', ts: '1.2' })
    await event(
      { type: 'message', channel: 'C1', user: 'UOTHERBOT', ts: '1.3' },
      { authorizations: [{ is_bot: true, user_id: 'UOTHERBOT' }] },
    )
    await event({ type: 'member_joined_channel', user: 'UBOT', channel: 'C1' })
    await event({ type: 'member_left_channel', user: 'UBOT', channel: 'C1' })
    // The app acts for a person there too, who is not the app.
    await event(
      { type: 'message', channel: 'C1', user: 'U1', ts: '1.4' },
      { authorizations: [{ is_bot: false, user_id: 'U1' }] },
    )
    await handlers.stop()
    const byDefault = ['default Ev4', 'default Ev5', 'default Ev6']
    expect(seen.filter((line) => line.startsWith('default'))).toEqual(byDefault)
    expect(seen.filter((line) => line.startsWith('all'))).toHaveLength(6)
  })

  test('a handler that rejects gets the event again, and handlers of another group do not', async () => {
    const { handlers, event, clock } = await fixture()
    const seen: string[] = []
    handlers.on('app_mention', ({ delivery }) => {
      seen.push(`first ${delivery.attempt}`)
      if (delivery.attempt === 1) throw new Error('not yet')
    })
    handlers.on('app_mention', ({ delivery }) => void seen.push(`other ${delivery.attempt}`), {
      group: 'other',
    })
    handlers.start()
    await event({ type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.1' })
    await clock.advance(60_000)
    await handlers.stop()
    expect(seen.sort()).toEqual(['first 1', 'first 2', 'other 1'])
  })

  test('one that always fails keeps the event from nobody after it', async () => {
    const { handlers, event, clock } = await fixture()
    const seen: number[] = []
    handlers.on('app_mention', () => Promise.reject(new Error('never')))
    handlers.on('*', ({ delivery }) => void seen.push(delivery.attempt))
    handlers.start()
    await event({ type: 'app_mention', channel: 'C1', text: 'hi', ts: '1.1' })
    expect(seen).toEqual([1])
    await clock.advance(60_000)
    await handlers.stop()
    expect(seen.slice(0, 2)).toEqual([1, 2])
  })

  test('commands and interactions come as their own object', async () => {
    const { handlers, publish } = await fixture()
    const seen: unknown[] = []
    handlers.on('slash_command', ({ event: command }) => void seen.push(command['command']))
    handlers.on('interactive:*', ({ event: interaction }) => void seen.push(interaction['trigger_id']))
    handlers.start()
    await publish('command=%2Fdeploy&text=now', 'slash_command')
    await publish(
      `payload=${encodeURIComponent('{"type":"shortcut","trigger_id":"7"}')}`,
      'interactive:shortcut',
    )
    await handlers.stop()
    expect(seen).toEqual(['/deploy', '7'])
  })

  test('what cannot be read is acknowledged, and said', async () => {
    const { handlers, publish, queue, log } = await fixture()
    const seen: string[] = []
    handlers.on('*', ({ event }) => void seen.push(event.type))
    handlers.start()
    await publish('payload=nonsense', 'interactive:shortcut')
    expect(await queue.groups()).toMatchObject([{ group: 'app', pending: 0 }])
    expect(log.named('event_not_readable')).toMatchObject([
      { level: 'warn', fields: { event_id: 'Ev1', event_type: 'interactive:shortcut' } },
    ])
    await handlers.stop()
    expect(seen).toEqual([])
  })

  test('handlers are registered before the start', async () => {
    const { handlers } = await fixture()
    handlers.start()
    expect(() => handlers.on('*', () => undefined)).toThrow(TypeError)
    await handlers.stop()
  })
})

describe('patterns', () => {
  test('name, beginning and everything', () => {
    const names = namesOf('message', { channel_type: 'mpim' })
    expect(names).toEqual(['message', 'message.mpim'])
    expect(
      ['message', 'message.mpim', 'message.*', 'mess*', '*'].every((pattern) => isMatch(pattern, names)),
    ).toBe(true)
    expect(['message.im', 'app_*', 'messages'].some((pattern) => isMatch(pattern, names))).toBe(false)
    expect(namesOf('message', { channel_type: 'invented' })).toEqual(['message'])
    const others = ['channel', 'group', 'im', 'app_home'].map(
      (kind) => namesOf('message', { channel_type: kind })[1],
    )
    expect(others).toEqual(['message.channels', 'message.groups', 'message.im', 'message.app_home'])
  })

  test('what is no pattern is refused', () => {
    for (const pattern of ['', 'App', 'a b', '*x', 'a**', '/x/'])
      expect(() => parsePattern(pattern)).toThrow(TypeError)
    for (const pattern of ['*', 'message.im', 'reaction_*', 'interactive:block_actions'])
      expect(parsePattern(pattern)).toBe(pattern)
  })
})
