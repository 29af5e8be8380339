import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

test('lists custom emoji, aliases among them', async () => {
  const answer = await demoBench().call('emoji.list')
  expect(Object.keys(answer['emoji'] as object)).toEqual(['tidemark', 'dog-ticket', 'ferry_party', 'shipit'])
  expect(answer).toMatchObject({ emoji: { shipit: 'alias:rocket' } })
})

test('tells of the team, its bots and its user groups', async () => {
  const { call } = demoBench()
  expect(await call('team.info')).toMatchObject({
    team: { id: 'T0DEMO0TIDE', name: 'Tidemark', email_domain: 'tidemark.example' },
  })
  expect(await call('bots.info', { bot: 'B0DEMO0DEPL' })).toMatchObject({
    bot: { name: 'shipbot', user_id: 'U0DEMO0DEPL' },
  })
  expect(await call('bots.info', { bot: 'B0NOSUCH' })).toEqual({ ok: false, error: 'bot_not_found' })
  const groups = await call('usergroups.list', { include_users: 'true', include_count: 'true' })
  expect(groups).toMatchObject({
    usergroups: [
      {
        id: 'S0DEMO00REL',
        handle: 'release-crew',
        user_count: 3,
        users: ['U0DEMO00ANA', 'U0DEMO00RAJ', 'U0DEMO0LENA'],
      },
    ],
  })
  const [bare] = (await call('usergroups.list'))['usergroups'] as readonly object[]
  expect(bare).not.toHaveProperty('users')
  expect(bare).not.toHaveProperty('user_count')
  expect(await call('usergroups.users.list', { usergroup: 'S0DEMO00REL' })).toEqual({
    ok: true,
    users: ['U0DEMO00ANA', 'U0DEMO00RAJ', 'U0DEMO0LENA'],
  })
  expect(await call('usergroups.users.list', { usergroup: 'S0NOSUCH' })).toEqual({
    ok: false,
    error: 'no_such_subteam',
  })
})

test('searches with a user token alone', async () => {
  const { call, callAsUser } = demoBench()
  expect(await call('search.messages', { query: 'rollback' })).toEqual({
    ok: false,
    error: 'not_allowed_token_type',
  })
  const search = async (query: string, params: Readonly<Record<string, string>> = {}) => {
    const answer = await callAsUser('search.messages', { query, ...params })
    return answer['messages'] as {
      readonly total: number
      readonly matches: readonly { readonly text: string; readonly permalink: string }[]
      readonly paging: object
    }
  }
  const rollback = await search('rollback plan')
  expect(rollback.total).toBe(1)
  expect(rollback.matches[0]).toMatchObject({
    username: 'ana',
    channel: { id: 'C0DEMO00REL', name: 'release' },
  })
  expect((await search('"plan rollback"')).total).toBe(0)
  expect((await search('2.4 from:@mei')).matches.map(({ text }) => text)).toEqual([
    'Fixed in 2.4, the outbound trip is first again.',
  ])
  expect((await search('2.4 in:#general')).total).toBe(1)
  // Ana is not on the board.
  expect((await search('November')).total).toBe(0)
  const all = await search('the', { count: '3', page: '2' })
  expect([all.matches.length, all.paging]).toEqual([
    3,
    { count: 3, total: all.total, page: 2, pages: Math.ceil(all.total / 3) },
  ])
})
