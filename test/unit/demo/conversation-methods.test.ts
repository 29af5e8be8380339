import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

interface Channel {
  readonly id: string
  readonly name?: string
  readonly is_archived: boolean
  readonly [key: string]: unknown
}

const names = (answer: Readonly<Record<string, unknown>>) =>
  (answer['channels'] as readonly Channel[]).map(({ name, id }) => name ?? id)

test('lists public channels by default, and by type what the bot can see', async () => {
  const { call } = demoBench()
  expect(names(await call('conversations.list'))).toEqual([
    'general',
    'release',
    'support',
    'random',
    'design',
    'website-2023',
  ])
  expect(names(await call('conversations.list', { exclude_archived: 'true' }))).not.toContain('website-2023')
  expect(names(await call('conversations.list', { types: 'private_channel' }))).toEqual(['leads'])
  expect(names(await call('conversations.list', { types: 'im, mpim' }))).toEqual(['D0DEMO00ANA'])
  expect(await call('conversations.list', { types: 'secret' })).toEqual({ ok: false, error: 'invalid_types' })
})

test('says of each channel whether the caller is in it and how many are', async () => {
  const { call } = demoBench()
  const { channels } = await call<{ channels: readonly Channel[] }>('conversations.list')
  const of = (name: string) => channels.find((channel) => channel.name === name)
  expect(of('release')).toMatchObject({ is_member: true, num_members: 7, is_general: false })
  expect(of('design')).toMatchObject({ is_member: false, num_members: 3 })
  expect(of('general')).toMatchObject({ is_member: true, num_members: 10, is_general: true })
})

test('pages channels, people and members by opaque cursors, each whole and without doubles', async () => {
  const { call } = demoBench({ extraUsers: 30, extraChannels: 30 })
  const walk = async (method: string, field: string, params: Readonly<Record<string, string>> = {}) => {
    const seen: unknown[] = []
    let cursor = ''
    let pages = 0
    do {
      const answer = await call(method, { ...params, limit: '7', ...(cursor !== '' && { cursor }) })
      seen.push(...(answer[field] as readonly unknown[]))
      cursor = (answer['response_metadata'] as { next_cursor: string }).next_cursor
      pages++
    } while (cursor !== '')
    return { seen, pages }
  }
  const channels = await walk('conversations.list', 'channels')
  expect(new Set(channels.seen.map((channel) => (channel as Channel).id)).size).toBe(36)
  expect([channels.seen.length, channels.pages]).toEqual([36, 6])
  const users = await walk('users.list', 'members')
  expect([users.seen.length, users.pages]).toEqual([40, 6])
  const members = await walk('conversations.members', 'members', { channel: 'C0DEMO00GEN' })
  expect(new Set(members.seen).size).toBe(40)
})

test('refuses a cursor that is made up, of another method, padded, or of nobody', async () => {
  const { call } = demoBench()
  const answer = await call('users.list', { limit: '1' })
  const cursor = (answer['response_metadata'] as { next_cursor: string }).next_cursor
  expect(await call('users.list', { cursor })).toMatchObject({ ok: true })
  for (const wrong of ['bm9wZQ==', `${cursor}!`, btoa('user:U0NOSUCH'), btoa('team:U0DEMO00RAJ')]) {
    expect(await call('users.list', { cursor: wrong })).toEqual({ ok: false, error: 'invalid_cursor' })
  }
  expect(await call('conversations.list', { cursor: btoa('user:C0DEMO00REL') })).toMatchObject({
    error: 'invalid_cursor',
  })
})

test('lists the conversations of a user without counting them', async () => {
  const { call } = demoBench()
  const answer = await call('users.conversations', { user: 'U0DEMO0IBBY' })
  expect(names(answer)).toEqual(['general', 'design'])
  const [channel] = answer['channels'] as readonly Channel[]
  expect(channel).not.toHaveProperty('is_member')
  expect(channel).not.toHaveProperty('num_members')
  expect(names(await call('users.conversations', { types: 'private_channel' }))).toEqual(['leads'])
  expect(await call('users.conversations', { user: 'U0NOSUCH' })).toMatchObject({ error: 'user_not_found' })
})

test('tells about one conversation, a direct message by the other side', async () => {
  const { call } = demoBench()
  expect(await call('conversations.info', { channel: 'D0DEMO00ANA' })).toMatchObject({
    channel: { is_im: true, user: 'U0DEMO00ANA' },
  })
  const info = await call('conversations.info', { channel: 'C0DEMO00DES', include_num_members: 'true' })
  expect(info['channel']).toMatchObject({ name: 'design', is_member: false, num_members: 3 })
  expect(info['channel']).not.toHaveProperty('last_read')
  expect(await call('conversations.info', { channel: 'C0DEMO0BRD1' })).toEqual({
    ok: false,
    error: 'channel_not_found',
  })
})

test('joins a public channel once, and from then on reads it', async () => {
  const { call, events } = demoBench()
  const design = { channel: 'C0DEMO00DES' }
  expect(await call('conversations.history', design)).toMatchObject({ error: 'not_in_channel' })
  const first = await call('conversations.join', design)
  expect(first).toMatchObject({ ok: true, channel: { is_member: true } })
  expect(first).not.toHaveProperty('warning')
  expect(events.at(-1)?.event).toMatchObject({
    type: 'member_joined_channel',
    user: 'U0DEMO0MCP1',
    channel: 'C0DEMO00DES',
    channel_type: 'C',
  })
  expect(await call('conversations.join', design)).toMatchObject({ warning: 'already_in_channel' })
  expect(events).toHaveLength(1)
  expect(await call('conversations.history', design)).toMatchObject({ ok: true })
  expect(await call('conversations.join', { channel: 'C0DEMO0LEAD' })).toMatchObject({
    error: 'method_not_supported_for_channel_type',
  })
  expect(await call('conversations.join', { channel: 'C0DEMO00OLD' })).toMatchObject({ error: 'is_archived' })
})

test('opens a direct message once and a group of up to eight others', async () => {
  const { call } = demoBench({ extraUsers: 10 })
  const open = (users: string) => call('conversations.open', { users })
  expect(await open('U0DEMO00ANA')).toEqual({
    ok: true,
    no_op: true,
    already_open: true,
    channel: { id: 'D0DEMO00ANA' },
  })
  const fresh = await open('U0DEMO00RAJ')
  expect(fresh).not.toHaveProperty('no_op')
  expect(await open('U0DEMO00RAJ')).toMatchObject({ no_op: true, channel: fresh['channel'] as object })
  const group = await call('conversations.open', { users: 'U0DEMO00RAJ,U0DEMO00MEI', return_im: 'true' })
  expect(group['channel']).toMatchObject({ is_mpim: true, name: 'mpdm-slack-mcp--raj--mei-1' })
  const extras = Array.from({ length: 9 }, (_, index) => `U10000000${index}`)
  expect(await open(extras.slice(0, 8).join(','))).toMatchObject({ ok: true })
  expect(await open(extras.join(','))).toMatchObject({ error: 'too_many_users' })
  expect(await open('U0NOSUCH')).toMatchObject({ error: 'user_not_found' })
  // What was opened must not be found under the id of a made-up channel.
  expect(await call('conversations.info', { channel: 'C100000000' })).toMatchObject({
    error: 'channel_not_found',
  })
  expect(await open('')).toMatchObject({ error: 'users_list_not_supplied' })
})

test('creates a channel with its maker in it, which is found by its name', async () => {
  const { call, callAsUser, workspace } = demoBench()
  const create = (name: string, isPrivate = false) =>
    call<{ readonly channel: Channel }>('conversations.create', { name, is_private: String(isPrivate) })
  const { channel } = await create('release-2026')
  expect(channel).toMatchObject({
    name: 'release-2026',
    creator: 'U0DEMO0MCP1',
    is_channel: true,
    is_private: false,
    is_member: true,
    last_read: '0000000000.000000',
  })
  expect(names(await call('conversations.list'))).toContain('release-2026')
  expect(await call('chat.postMessage', { channel: '#release-2026', text: 'first' })).toMatchObject({
    channel: channel.id,
  })
  expect(workspace.messages('release-2026')).toHaveLength(1)
  const hidden = await create('plans_é', true)
  expect(hidden.channel).toMatchObject({ is_group: true, is_private: true })
  expect(await callAsUser('conversations.info', { channel: hidden.channel.id })).toMatchObject({
    error: 'channel_not_found',
  })
})

for (const [name, error] of [
  ['', 'invalid_name_required'],
  ['release', 'name_taken'],
  ['Release', 'invalid_name_specials'],
  ['re lease', 'invalid_name_specials'],
  ['re.lease', 'invalid_name_specials'],
  ['x'.repeat(80), undefined],
  ['x'.repeat(81), 'invalid_name_maxlength'],
] as const)
  test(`a channel named "${name}" is ${error ?? 'created'}`, async () => {
    expect((await demoBench().call('conversations.create', { name })).error).toBe(error)
  })

test('creates a channel of either kind by the scope of its kind alone', async () => {
  const { call } = demoBench({ botScopes: ['groups:write'] })
  expect(await call('conversations.create', { name: 'open' })).toMatchObject({
    error: 'missing_scope',
    needed: 'channels:manage,channels:write',
  })
  expect((await call('conversations.create', { name: 'hidden', is_private: 'true' })).ok).toBe(true)
})

test('remembers up to where a channel was read', async () => {
  const { call } = demoBench()
  const channel = 'C0DEMO00REL'
  const lastRead = async () => (await call('conversations.info', { channel }))['channel']
  expect(await lastRead()).toMatchObject({ last_read: '0000000000.000000' })
  expect(await call('conversations.mark', { channel, ts: '1699999999.000100' })).toEqual({ ok: true })
  expect(await lastRead()).toMatchObject({ last_read: '1699999999.000100' })
  expect(await call('conversations.mark', { channel, ts: 'now' })).toMatchObject({
    error: 'invalid_timestamp',
  })
  expect(await call('conversations.mark', { channel: 'C0DEMO00DES', ts: '1' })).toMatchObject({
    error: 'not_in_channel',
  })
})
