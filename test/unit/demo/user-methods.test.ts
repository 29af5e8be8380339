import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

test('tells of everybody, without a limit all at once', async () => {
  const { call } = demoBench()
  const { members } = await call<{
    members: readonly { readonly name: string; readonly [key: string]: unknown }[]
  }>('users.list')
  expect(members.map(({ name }) => name)).toEqual([
    'ana',
    'raj',
    'mei',
    'tom',
    'lena',
    'ibby',
    'viktor',
    'shipbot',
    'slack-mcp',
    'slackbot',
  ])
  const of = (name: string) => members.find((member) => member.name === name)
  expect(of('viktor')).toMatchObject({ deleted: true })
  expect(of('viktor')).not.toHaveProperty('tz')
  expect(of('ibby')).toMatchObject({ is_restricted: true })
  expect(of('lena')).toMatchObject({ is_owner: true, is_admin: true })
  expect(of('slack-mcp')).toMatchObject({ is_bot: true, profile: { bot_id: 'B0DEMO0MCP1' } })
  expect(of('slackbot')).toMatchObject({ id: 'USLACKBOT', is_bot: false })
})

test('shows addresses to those alone who have the scope for them', async () => {
  const email = async (scopes: readonly string[]) => {
    const answer = await demoBench({ botScopes: scopes }).call('users.info', { user: 'U0DEMO00ANA' })
    return (answer['user'] as { profile: { email?: string } }).profile.email
  }
  expect(await email(['users:read', 'users:read.email'])).toBe('ana@tidemark.example')
  expect(await email(['users:read'])).toBeUndefined()
})

test('finds people by their address, but neither bots nor who left', async () => {
  const { call } = demoBench({ extraUsers: 50 })
  const find = async (email: string) => {
    const answer = await call('users.lookupByEmail', { email })
    return answer.error ?? (answer['user'] as { id: string }).id
  }
  expect(await find('mei@tidemark.example')).toBe('U0DEMO00MEI')
  expect(await find('MEI@Tidemark.example')).toBe('U0DEMO00MEI')
  expect(await find('person000007@tidemark.example')).toBe('U100000007')
  expect(await find('person000049@tidemark.example')).toBe('users_not_found')
  expect(await find('person000050@tidemark.example')).toBe('users_not_found')
  expect(await find('viktor@tidemark.example')).toBe('users_not_found')
  expect(await find('shipbot@tidemark.example')).toBe('users_not_found')
  expect(await find('mei@elsewhere.example')).toBe('users_not_found')
})

test('refuses an id that nobody has', async () => {
  const { call } = demoBench({ extraUsers: 2 })
  const info = async (user: string) => (await call('users.info', { user })).error
  expect([await info('U100000001'), await info('U100000002'), await info('U0NOSUCH')]).toEqual([
    undefined,
    'user_not_found',
    'user_not_found',
  ])
})

test('grows to 20,000 people and 5,000 channels without holding them', async () => {
  const { call } = demoBench({ extraUsers: 20_000, extraChannels: 5_000 })
  const page = await call('users.list', { limit: '200' })
  expect((page['members'] as readonly unknown[]).length).toBe(200)
  expect(await call('users.info', { user: 'U100000FFJ' })).toMatchObject({ user: { name: 'person019999' } })
  expect(await call('conversations.info', { channel: 'C1000003UV' })).toMatchObject({
    channel: { name: 'channel-004999', is_member: false },
  })
  expect(await call('conversations.info', { channel: 'C1000003UW' })).toMatchObject({
    error: 'channel_not_found',
  })
  expect(
    await call('conversations.info', { channel: 'C0DEMO00GEN', include_num_members: 'true' }),
  ).toMatchObject({
    channel: { num_members: 20_010 },
  })
  const channels = await call('conversations.list', { limit: '1000', exclude_archived: 'true' })
  expect((channels['channels'] as readonly unknown[]).length).toBe(1_000)
})
