import { expect, test } from 'bun:test'
import { createDemoWorkspace } from '../../../src/demo/workspace.ts'
import { demoBench } from '../../support/demo-call.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

test('wraps what a person writes in the whole envelope that Slack sends', async () => {
  const { workspace, events } = demoBench()
  const ts = workspace.post({ channel: 'release', by: 'ana', text: 'Go.' })
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({
    type: 'event_callback',
    token: 'demo-verification-token',
    team_id: 'T0DEMO0TIDE',
    context_team_id: 'T0DEMO0TIDE',
    context_enterprise_id: null,
    api_app_id: 'A0DEMO0MCP1',
    event_time: 1_700_000_000,
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: 'T0DEMO0TIDE',
        user_id: 'U0DEMO0MCP1',
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    event: {
      type: 'message',
      user: 'U0DEMO00ANA',
      text: 'Go.',
      ts,
      event_ts: ts,
      team: 'T0DEMO0TIDE',
      channel: 'C0DEMO00REL',
      channel_type: 'channel',
    },
  })
  expect(events[0]?.event_id).toMatch(/^Ev[0-9A-F]{12}$/)
  expect(events[0]?.event_context).toMatch(/^4-/)
})

test('gives every event an id of its own', () => {
  const { workspace, events } = demoBench()
  for (let index = 0; index < 20; index++) workspace.post({ channel: 'random', by: 'mei', text: `${index}` })
  expect(new Set(events.map((event) => event.event_id)).size).toBe(20)
})

test('sends a mention beside the message, but not for its own words and not in direct messages', async () => {
  const { workspace, events, call, callAsUser } = demoBench()
  workspace.post({ channel: 'release', by: 'raj', text: 'hey <@U0DEMO0MCP1> are you there?' })
  expect(events.map(({ event }) => event.type)).toEqual(['message', 'app_mention'])
  expect(events[1]?.event).not.toHaveProperty('channel_type')
  expect(events[0]?.event['ts']).toBe(events[1]?.event['ts'])
  expect(events[0]?.event_id).not.toBe(events[1]?.event_id)
  await call('chat.postMessage', { channel: 'release', text: 'I am <@U0DEMO0MCP1>' })
  await callAsUser('chat.postMessage', { channel: 'D0DEMO00ANA', text: '<@U0DEMO0MCP1>?' })
  expect(events.slice(2).map(({ event }) => event.type)).toEqual(['message', 'message'])
})

test('names the kind of conversation of each event', async () => {
  const { events, call } = demoBench()
  for (const channel of ['C0DEMO00REL', 'C0DEMO0LEAD', 'D0DEMO00ANA']) {
    await call('chat.postMessage', { channel, text: 'x' })
  }
  const { channel } = await call('conversations.open', { users: 'U0DEMO00RAJ,U0DEMO00MEI' })
  await call('chat.postMessage', { channel: (channel as { id: string }).id, text: 'x' })
  expect(events.map(({ event }) => event['channel_type'])).toEqual(['channel', 'group', 'im', 'mpim'])
})

test('announces reactions with the item and its author', async () => {
  const { workspace, events, call } = demoBench()
  const ts = workspace.post({ channel: 'release', by: 'ana', text: 'x' })
  await call('reactions.add', { channel: 'C0DEMO00REL', timestamp: ts, name: 'eyes' })
  await call('reactions.remove', { channel: 'C0DEMO00REL', timestamp: ts, name: 'eyes' })
  const item = { type: 'message', channel: 'C0DEMO00REL', ts }
  expect(events.slice(1).map(({ event }) => event)).toEqual([
    {
      type: 'reaction_added',
      user: 'U0DEMO0MCP1',
      reaction: 'eyes',
      item,
      item_user: 'U0DEMO00ANA',
      event_ts: '1700000000.000001',
    },
    {
      type: 'reaction_removed',
      user: 'U0DEMO0MCP1',
      reaction: 'eyes',
      item,
      item_user: 'U0DEMO00ANA',
      event_ts: '1700000000.000002',
    },
  ])
})

test('tells the app nothing of channels that its bot is not in', () => {
  const { workspace, events } = demoBench()
  workspace.post({ channel: 'design', by: 'mei', text: 'secret icons' })
  workspace.post({ channel: 'board', by: 'lena', text: 'minutes' })
  expect(events).toHaveLength(0)
  expect(workspace.messages('board')).toHaveLength(2)
})

test('stops telling a listener that went away', () => {
  const workspace = createDemoWorkspace({ clock: new FakeClock(), ids: sequentialIds() })
  let count = 0
  const stop = workspace.onEvent(() => {
    count++
  })
  workspace.post({ channel: 'random', by: 'mei', text: 'one' })
  stop()
  workspace.post({ channel: 'random', by: 'mei', text: 'two' })
  expect(count).toBe(1)
})

test('says so when a script names a channel, a person or a message that is not there', () => {
  const { workspace } = demoBench()
  expect(() => workspace.post({ channel: 'nowhere', by: 'ana', text: 'x' })).toThrow(
    'There is no channel #nowhere',
  )
  expect(() => workspace.post({ channel: 'random', by: 'zoe', text: 'x' })).toThrow(
    'There is nobody called @zoe',
  )
  expect(() => workspace.react({ channel: 'random', by: 'ana', ts: '1.1', name: 'eyes' })).toThrow(
    '#random has no message 1.1',
  )
})

test('names channels and people by their ids', () => {
  const { workspace } = demoBench()
  expect([workspace.channelName('C0DEMO00REL'), workspace.channelName('C9')]).toEqual(['release', 'C9'])
  expect([workspace.userName('U0DEMO00ANA'), workspace.userName('U9')]).toEqual(['ana', 'U9'])
  expect(workspace.channelId('release')).toBe('C0DEMO00REL')
})
