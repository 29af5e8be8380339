import { expect, test } from 'bun:test'
import { runChatter } from '../../../src/demo/chatter.ts'
import { createStandardEmojiNames } from '../../../src/demo/emoji-table.ts'
import { demoBench } from '../../support/demo-call.ts'
import { settle } from '../../support/fake-clock.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

/** With random() at 0.5 every pause is this long. */
const pauseMs = 3_650

function talk() {
  const bench = demoBench()
  const ended = new AbortController()
  const { workspace, clock } = bench
  let listeners = 0
  const observed = {
    ...workspace,
    onEvent(listener: Parameters<typeof workspace.onEvent>[0]) {
      listeners++
      const stop = workspace.onEvent(listener)
      return () => {
        listeners--
        stop()
      }
    },
  }
  const talking = runChatter({
    workspace: observed,
    clock,
    ids: sequentialIds(),
    signal: ended.signal,
  })
  return { ...bench, talking, end: () => ended.abort(), listenerCount: () => listeners }
}

test('lets people talk at the pace of people, one line after each pause', async () => {
  const { clock, events, talking, end } = talk()
  await clock.advance(pauseMs - 1)
  expect(events).toHaveLength(0)
  await clock.advance(1)
  expect(events.map(({ event }) => [event.type, event['user']])).toEqual([['message', 'U0DEMO00ANA']])
  await clock.advance(pauseMs)
  expect(events.at(-1)?.event).toMatchObject({
    type: 'reaction_added',
    user: 'U0DEMO00RAJ',
    reaction: 'eyes',
  })
  await clock.advance(pauseMs)
  expect(events.at(-1)?.event).toMatchObject({ type: 'message', thread_ts: events[0]?.event['ts'] })
  end()
  await talking
  expect(clock.timerCount).toBe(0)
})

test('goes on for an hour, in several channels, with emoji that exist', async () => {
  const { clock, events, talking, end } = talk()
  await clock.advance(3_600_000)
  end()
  await talking
  expect(events.length).toBeGreaterThan(900)
  const channels = events.map(({ event }) => event['channel']).filter((channel) => channel !== undefined)
  expect(new Set(channels).size).toBe(4)
  expect(events.some(({ event }) => event.type === 'app_mention')).toBe(true)
  const standard = createStandardEmojiNames()
  const reactions = events.map(({ event }) => event['reaction']).filter((name) => name !== undefined)
  expect(reactions.filter((name) => !standard.has(String(name)))).toEqual([])
})

test('thanks the bot once for what it writes, and not for what it edits', async () => {
  const { clock, events, call, talking, end } = talk()
  const { ts } = await call('chat.postMessage', { channel: 'random', text: 'I am a bot' })
  await call('chat.update', { channel: 'C0DEMO00RAN', ts: String(ts), text: 'I am the bot' })
  await call('chat.postMessage', { channel: 'U0DEMO00ANA', text: 'in private' })
  await clock.advance(pauseMs * 3)
  end()
  await talking
  const thanks = events.filter(({ event }) => event['reaction'] === 'raised_hands').map(({ event }) => event)
  expect(thanks).toMatchObject([
    { user: 'U0DEMO00ANA', item: { channel: 'C0DEMO00RAN', ts }, item_user: 'U0DEMO0MCP1' },
  ])
})

test('falls silent at once when it is over', async () => {
  const { clock, events, talking, end, call, listenerCount } = talk()
  await settle()
  expect(listenerCount()).toBe(1)
  end()
  await talking
  expect(listenerCount()).toBe(0)
  await call('chat.postMessage', { channel: 'random', text: 'Hello?' })
  await clock.advance(60_000)
  expect(events).toHaveLength(1)
  expect(clock.timerCount).toBe(0)
})
