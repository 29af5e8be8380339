import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

const release = 'C0DEMO00REL'

function withMessage() {
  const bench = demoBench()
  const timestamp = bench.workspace.post({ channel: 'release', by: 'ana', text: 'react to me' })
  const item = { channel: release, timestamp }
  return { ...bench, timestamp, item }
}

test('adds a reaction once, counts others, and takes it away once', async () => {
  const { call, callAsUser, item, timestamp, workspace } = withMessage()
  const reaction = { ...item, name: 'eyes' }
  expect(await call('reactions.add', reaction)).toEqual({ ok: true })
  expect(await call('reactions.add', reaction)).toEqual({ ok: false, error: 'already_reacted' })
  workspace.react({ channel: 'release', by: 'raj', ts: timestamp, name: 'eyes' })
  expect(await call('reactions.get', { ...item, full: 'true' })).toMatchObject({
    ok: true,
    type: 'message',
    channel: release,
    message: {
      text: 'react to me',
      reactions: [{ name: 'eyes', users: ['U0DEMO0MCP1', 'U0DEMO00RAJ'], count: 2 }],
    },
  })
  expect(await call('reactions.remove', reaction)).toEqual({ ok: true })
  expect(await call('reactions.remove', reaction)).toEqual({ ok: false, error: 'no_reaction' })
  expect(await callAsUser('reactions.remove', reaction)).toEqual({ ok: false, error: 'no_reaction' })
  expect(workspace.messages('release').at(-1)).toMatchObject({ reactions: [{ name: 'eyes', count: 1 }] })
  expect(await call('reactions.add', { ...item, name: 'rocket' })).toEqual({ ok: true })
  expect(await call('reactions.remove', { ...item, name: 'rocket' })).toEqual({ ok: true })
  expect(workspace.messages('release').at(-1)?.['reactions']).toEqual([
    { name: 'eyes', users: ['U0DEMO00RAJ'], count: 1 },
  ])
})

test('knows standard emoji, aliases, skin tones and the custom ones, and refuses every other name', async () => {
  const { call, item } = withMessage()
  const react = async (name: string) => (await call('reactions.add', { ...item, name })).error
  for (const name of [
    '+1',
    'thumbsup',
    'thumbsup::skin-tone-4',
    'e-mail',
    'flag-pt',
    'tidemark',
    'shipit',
    '1234',
  ]) {
    expect([name, await react(name)]).toEqual([name, undefined])
  }
  for (const name of ['', 'not_an_emoji', ':eyes:', 'eyes eyes', 'constructor', 'thumbsup::skin-tone-7']) {
    expect([name, await react(name)]).toEqual([name, 'invalid_name'])
  }
})

test('refuses a reaction without an item, to a message or a channel that is not there', async () => {
  const { call, item } = withMessage()
  const react = async (params: Readonly<Record<string, string>>) =>
    (await call('reactions.add', { name: 'eyes', ...params })).error
  expect(await react({})).toBe('no_item_specified')
  expect(await react({ channel: release })).toBe('no_item_specified')
  expect(await react({ ...item, timestamp: '1234567890.123456' })).toBe('message_not_found')
  expect(await react({ ...item, channel: 'C0NOSUCH000' })).toBe('channel_not_found')
  expect(await react({ ...item, channel: 'C0DEMO00DES' })).toBe('not_in_channel')
})

test('takes 50 different emoji on one message and no more', async () => {
  const { call, callAsUser, item } = withMessage()
  const names = ['a', 'b', 'ab', 'o2', 'm', 'cl', 'ok', 'x', 'o', 'zap', 'zzz', 'yum', 'yen', 'wc', 'wave']
  const clocks = Array.from({ length: 12 }, (_, index) => [`clock${index + 1}`, `clock${index + 1}30`]).flat()
  const fifty = [
    ...names,
    ...clocks,
    ...['ant', 'bee', 'cat', 'dog', 'eyes', 'fire', 'gem', 'hash', 'key', 'leg', 'man'],
  ]
  expect(fifty).toHaveLength(50)
  for (const name of fifty) expect(await call('reactions.add', { ...item, name })).toEqual({ ok: true })
  expect(await call('reactions.add', { ...item, name: 'rocket' })).toEqual({
    ok: false,
    error: 'too_many_emoji',
  })
  expect(await callAsUser('reactions.add', { ...item, name: 'zap' })).toEqual({ ok: true })
})

test('pins and unpins once each, and lists the newest pin first', async () => {
  const { call, item, timestamp, workspace } = withMessage()
  const other = workspace.post({ channel: 'release', by: 'raj', text: 'pinned first' })
  expect(await call('pins.add', { ...item, timestamp: other })).toEqual({ ok: true })
  expect(await call('pins.add', item)).toEqual({ ok: true })
  expect(await call('pins.add', item)).toEqual({ ok: false, error: 'already_pinned' })
  expect(await call('pins.list', { channel: release })).toMatchObject({
    items: [
      {
        type: 'message',
        channel: release,
        created: 1_700_000_000,
        created_by: 'U0DEMO0MCP1',
        message: { ts: timestamp, text: 'react to me' },
      },
      { message: { ts: other } },
    ],
  })
  expect(await call('conversations.history', { channel: release, limit: '1' })).toMatchObject({
    pin_count: 2,
  })
  expect(await call('pins.remove', item)).toEqual({ ok: true })
  expect(await call('pins.remove', item)).toEqual({ ok: false, error: 'no_pin' })
  expect(await call('pins.list', { channel: release })).toMatchObject({ items: [{ message: { ts: other } }] })
})

test('lists bookmarks and files, and hides the files of channels that the token cannot see', async () => {
  const { call } = demoBench()
  expect(await call('bookmarks.list', { channel_id: release })).toMatchObject({
    bookmarks: [{ channel_id: release, title: 'Release checklist', type: 'link' }],
  })
  expect(await call('files.list')).toMatchObject({
    files: [{ id: 'F0DEMO0PLAN', channels: [release] }],
    paging: { count: 100, total: 1, page: 1, pages: 1 },
  })
  expect(await call('files.list', { channel: 'C0DEMO00GEN' })).toMatchObject({ files: [] })
  expect(await call('files.info', { file: 'F0DEMO0PLAN' })).toMatchObject({
    file: { name: 'rollback-2.4.md', user: 'U0DEMO00RAJ', size: 133, is_public: true },
    comments: [],
  })
  expect(await call('files.info', { file: 'F0NOSUCH' })).toEqual({ ok: false, error: 'file_not_found' })
})
