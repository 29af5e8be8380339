import { describe, expect, test } from 'bun:test'
import { Directory, type DirectoryOptions, directoryDefaults } from '../../../src/slack/directory.ts'
import type { ShownChannels } from '../../../src/slack/directory-channels.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { fails, hangs, refuses, ScriptedSlack } from '../../support/scripted-slack.ts'
import { noticeOf } from '../../support/tool-bench.ts'

const live = () => new AbortController().signal

function createBench(options: Partial<DirectoryOptions> = {}) {
  const slack = new ScriptedSlack()
  const clock = new FakeClock()
  const directory = new Directory({ ...directoryDefaults, ...options, slack, clock })
  return { slack, clock, directory }
}

const user = (id: string, handle: string, displayName = '', realName = '') => ({
  id,
  name: handle,
  profile: { display_name: displayName, real_name: realName },
})

/** Answers a listing page by page: the cursor is the number of the next page. */
function pages(field: string, all: readonly (readonly object[])[]) {
  return (params: Readonly<Record<string, unknown>>) => {
    const page = Number(params['cursor'] ?? 0)
    const next = page + 1 < all.length ? String(page + 1) : ''
    return { [field]: all[page] ?? [], response_metadata: { next_cursor: next } }
  }
}

const everyChannel: ShownChannels = async (channels) => channels

describe('people', () => {
  test('asks for an id once, then answers from memory until the entry is too old', async () => {
    const { slack, clock, directory } = createBench()
    slack.on('users.info', { user: user('U1AA', 'ada', 'Ada') })
    expect((await directory.users.byId('U1AA', live()))?.name).toBe('Ada')
    await clock.advance(directoryDefaults.ttlMs - 1)
    await directory.users.byId('U1AA', live())
    expect(slack.counts()).toEqual({ 'users.info': 1 })
    await clock.advance(1)
    await directory.users.byId('U1AA', live())
    expect(slack.counts()).toEqual({ 'users.info': 2 })
  })

  test('concurrent look-ups of one person share one call', async () => {
    const { slack, directory } = createBench()
    slack.on('users.info', async () => {
      await settle()
      return { user: user('U1AA', 'ada') }
    })
    const found = await Promise.all(Array.from({ length: 20 }, () => directory.users.byId('U1AA', live())))
    expect(found.map((one) => one?.handle)).toEqual(Array.from({ length: 20 }, () => 'ada'))
    expect(slack.counts()).toEqual({ 'users.info': 1 })
  })

  test('one who cancels leaves alone; the call is cancelled when nobody waits', async () => {
    const { slack, directory } = createBench()
    let isCancelled = false
    slack.on('users.info', (params, options) => {
      options.signal?.addEventListener('abort', () => {
        isCancelled = true
      })
      return hangs(params, options)
    })
    const first = new AbortController()
    const second = new AbortController()
    const firstLookup = directory.users.byId('U1AA', first.signal)
    const secondLookup = directory.users.byId('U1AA', second.signal)
    first.abort()
    await expect(firstLookup).rejects.toMatchObject({ code: 'CALL_CANCELLED' })
    expect(isCancelled).toBe(false)
    second.abort()
    await expect(secondLookup).rejects.toMatchObject({ code: 'CALL_CANCELLED' })
    await settle()
    expect(isCancelled).toBe(true)
    slack.on('users.info', { user: user('U1AA', 'ada') })
    expect((await directory.users.byId('U1AA', live()))?.handle).toBe('ada')
  })

  test('does not ask again for an id that Slack does not know', async () => {
    const { slack, directory } = createBench()
    slack.on('users.info', refuses('user_not_found'))
    expect(await directory.users.byId('U1AA', live())).toBeUndefined()
    expect(await directory.users.byId('U1AA', live())).toBeUndefined()
    expect(slack.counts()).toEqual({ 'users.info': 1 })
  })

  test('finds a handle page by page and stops there', async () => {
    const { slack, directory } = createBench()
    slack.on(
      'users.list',
      pages('members', [[user('U1AA', 'ada')], [user('U2BB', 'bob')], [user('U3CC', 'cyd')]]),
    )
    expect((await directory.users.find({ kind: 'name', name: 'Bob' }, { signal: live() })).id).toBe('U2BB')
    expect(slack.counts()).toEqual({ 'users.list': 2 })
    expect((await directory.users.find({ kind: 'name', name: 'ada' }, { signal: live() })).id).toBe('U1AA')
    expect(slack.counts()).toEqual({ 'users.list': 2 })
  })

  test('a display name decides only after the listing was read, and not where two have it', async () => {
    const { slack, directory } = createBench()
    slack.on(
      'users.list',
      pages('members', [
        [user('U1AA', 'ada', 'Sam')],
        [user('U2BB', 'bob', 'Max')],
        [user('U3CC', 'cyd', '', 'Sam')],
      ]),
    )
    expect((await directory.users.find({ kind: 'name', name: 'Max' }, { signal: live() })).id).toBe('U2BB')
    expect(slack.counts()).toEqual({ 'users.list': 3 })
    await expect(
      directory.users.find({ kind: 'name', name: 'sam' }, { signal: live() }),
    ).rejects.toMatchObject({
      code: 'SLACK_NAME_AMBIGUOUS',
      details: { given: 'sam', candidates: ['U1AA @ada', 'U3CC @cyd'] },
    })
  })

  test('reads at most its bound of pages a look-up, says how far it looked, and goes on from there', async () => {
    const { slack, directory } = createBench({ pagesMax: 2 })
    const everybody = ['ada', 'bob', 'cyd', 'dan', 'eve'].map((handle, index) => [
      user(`U${index}AA`, handle),
    ])
    slack.on('users.list', pages('members', everybody))
    const lookup = directory.users.find({ kind: 'name', name: 'eva' }, { signal: live() })
    await expect(lookup).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
      details: { given: 'eva', looked_at: 2, candidates: ['@ada'] },
    })
    expect(slack.counts()).toEqual({ 'users.list': 2 })
    await expect(
      directory.users.find({ kind: 'name', name: 'eva' }, { signal: live() }),
    ).rejects.toMatchObject({
      details: { looked_at: 4 },
    })
    expect(slack.counts()).toEqual({ 'users.list': 4 })
    await expect(
      directory.users.find({ kind: 'name', name: 'eva' }, { signal: live() }),
    ).rejects.toMatchObject({
      details: { looked_at: 5, candidates: ['@eve', '@ada'] },
    })
    expect(slack.counts()).toEqual({ 'users.list': 5 })
  })

  test('a miss after a full listing costs nothing for a minute, then one more listing', async () => {
    const { slack, clock, directory } = createBench()
    slack.on('users.list', { members: [user('U1AA', 'ada')] })
    const miss = () =>
      directory.users.find({ kind: 'name', name: 'zoe' }, { signal: live() }).catch(() => 'missed')
    await miss()
    await clock.advance(directoryDefaults.missTtlMs)
    await miss()
    expect(slack.counts()).toEqual({ 'users.list': 1 })
    await clock.advance(1)
    await miss()
    expect(slack.counts()).toEqual({ 'users.list': 2 })
  })

  test('a name outlives the facts: one call brings them back', async () => {
    const { slack, directory } = createBench({ entriesMax: 1 })
    slack
      .on('users.list', { members: [user('U1AA', 'ada', 'Ada'), user('U2BB', 'bob', 'Bob')] })
      .on('users.info', { user: user('U1AA', 'ada', 'Ada') })
    expect((await directory.users.find({ kind: 'name', name: 'Ada' }, { signal: live() })).id).toBe('U1AA')
    expect((await directory.users.find({ kind: 'name', name: 'ada' }, { signal: live() })).id).toBe('U1AA')
    expect(slack.counts()).toEqual({ 'users.list': 1, 'users.info': 1 })
  })

  test('a listing larger than what is remembered is read again rather than believed', async () => {
    const { slack, directory } = createBench({ namesMax: 2, entriesMax: 2, pagesMax: 1 })
    slack.on('users.list', {
      members: ['ada', 'bob', 'cyd'].map((handle, index) => user(`U${index}AA`, handle)),
    })
    slack.on('users.info', { user: user('U0AA', 'ada') })
    expect((await directory.users.find({ kind: 'name', name: 'cyd' }, { signal: live() })).id).toBe('U2AA')
    await expect(
      directory.users.find({ kind: 'name', name: 'ada' }, { signal: live() }),
    ).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
    })
    expect(slack.counts()).toEqual({ 'users.list': 2 })
  })

  test('a display name that was given up no longer leads to its person', async () => {
    const { slack, directory } = createBench()
    slack.on('users.list', { members: [user('U1AA', 'ada', 'Ada'), user('U2BB', 'bob', 'Bo')] })
    expect((await directory.users.find({ kind: 'name', name: 'Bo' }, { signal: live() })).id).toBe('U2BB')
    directory.notice(noticeOf('user_change', { user: user('U2BB', 'bob', 'Robert') }), 'U0BOT')
    await expect(
      directory.users.find({ kind: 'name', name: 'Bo' }, { signal: live() }),
    ).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
    })
    expect((await directory.users.find({ kind: 'name', name: 'robert' }, { signal: live() })).id).toBe('U2BB')
  })

  test('begins anew after a cursor that Slack no longer takes', async () => {
    const { slack, directory } = createBench({ pagesMax: 1 })
    slack.on('users.list', pages('members', [[user('U1AA', 'ada')], [user('U2BB', 'bob')]]))
    const find = () => directory.users.find({ kind: 'name', name: 'bob' }, { signal: live() })
    await expect(find()).rejects.toMatchObject({ code: 'SLACK_NAME_NOT_FOUND' })
    const paged = pages('members', [[user('U1AA', 'ada')], [user('U2BB', 'bob')]])
    slack.on('users.list', (params) =>
      params['cursor'] === '1' && slack.of('users.list').length === 2
        ? refuses('invalid_cursor')(params, {})
        : paged(params),
    )
    await expect(find()).rejects.toMatchObject({ details: { slack_error: 'invalid_cursor' } })
    await expect(find()).rejects.toMatchObject({ code: 'SLACK_NAME_NOT_FOUND' })
    expect((await find()).id).toBe('U2BB')
  })

  test('finds an e-mail address with one call', async () => {
    const { slack, directory } = createBench()
    slack.on('users.lookupByEmail', { user: user('U1AA', 'ada') })
    expect(
      (await directory.users.find({ kind: 'email', email: 'ada@example.com' }, { signal: live() })).id,
    ).toBe('U1AA')
    expect(slack.calls).toMatchObject([
      { method: 'users.lookupByEmail', params: { email: 'ada@example.com' } },
    ])
  })

  test('names beside messages are looked up within a bound, five at a time', async () => {
    const { slack, directory } = createBench()
    let underWay = 0
    let most = 0
    slack.on('users.info', async (params) => {
      most = Math.max(most, ++underWay)
      await settle()
      underWay--
      return { user: user(String(params['user']), `h${params['user']}`.toLowerCase()) }
    })
    const ids = Array.from({ length: 30 }, (_, index) => `U${index}AA`)
    await directory.users.warm([...ids, ...ids], 20, { signal: live() })
    expect(slack.counts()).toEqual({ 'users.info': 20 })
    expect(most).toBe(5)
  })

  test('names beside messages wait for Slack no longer than four seconds', async () => {
    const { slack, directory } = createBench()
    const deadlines: unknown[] = []
    slack.on('users.info', (_, { deadlineMs }) => {
      deadlines.push(deadlineMs)
      return { user: user('U1AA', 'ada') }
    })
    await directory.users.warm(['U1AA'], 50, { signal: live() })
    expect(deadlines).toEqual([4000])
  })

  test.each([
    ['SLACK_UNAVAILABLE', fails('SLACK_UNAVAILABLE')],
    ['SLACK_RATE_LIMITED', fails('SLACK_RATE_LIMITED', { retry_after_s: 30 })],
  ])('an outage (%s) leaves ids without names and does not fail the reader', async (_, answer) => {
    const { slack, directory } = createBench()
    slack.on('users.info', answer)
    await directory.users.warm(['U1AA', 'U2BB'], 50, { signal: live() })
    expect(directory.user('U1AA')).toBeUndefined()
  })

  test('a missing scope is asked about once, not for each person of each page', async () => {
    const { slack, directory } = createBench()
    slack.on('users.info', refuses('missing_scope', { needed: 'users:read' }))
    const ids = Array.from({ length: 30 }, (_, index) => `U${index}AA`)
    await directory.users.warm(ids, 50, { signal: live() })
    await directory.users.warm(ids, 50, { signal: live() })
    expect(slack.counts()['users.info']).toBeLessThanOrEqual(5)
  })

  test('search stops when enough were found', async () => {
    const { slack, directory } = createBench()
    slack.on(
      'users.list',
      pages('members', [[user('U1AA', 'ada')], [user('U2BB', 'adam')], [user('U3CC', 'eve')]]),
    )
    const found = await directory.users.search(({ handle }) => handle.startsWith('ad'), 1, { signal: live() })
    expect(found).toMatchObject({ users: [{ id: 'U1AA' }], isComplete: false, seenCount: 1 })
    const all = await directory.users.search(({ handle }) => handle.startsWith('ad'), 10, { signal: live() })
    expect(all).toMatchObject({ users: [{ id: 'U1AA' }, { id: 'U2BB' }], isComplete: true, seenCount: 3 })
  })
})

describe('channels', () => {
  test('finds a channel by name and remembers it', async () => {
    const { slack, directory } = createBench()
    slack.on(
      'conversations.list',
      pages('channels', [[{ id: 'C1AA', name: 'general' }], [{ id: 'C2BB', name: 'random' }]]),
    )
    expect((await directory.channels.find('random', everyChannel, { signal: live() })).id).toBe('C2BB')
    expect((await directory.channels.find('general', everyChannel, { signal: live() })).id).toBe('C1AA')
    expect(slack.of('conversations.list')).toEqual([
      { limit: 1000, types: 'public_channel,private_channel', exclude_archived: true },
      { limit: 1000, types: 'public_channel,private_channel', exclude_archived: true, cursor: '1' },
    ])
  })

  test('lists only the kinds that the scopes of the token allow', async () => {
    const { slack, directory } = createBench()
    const identity = slack.identity()
    slack.identifyAs(identity === undefined ? undefined : { ...identity, scopes: ['channels:read'] })
    slack.on('conversations.list', { channels: [{ id: 'C1AA', name: 'general' }] })
    await directory.channels.find('general', everyChannel, { signal: live() })
    expect(slack.of('conversations.list')).toMatchObject([{ types: 'public_channel' }])
  })

  test('a miss names the nearest channels among those that may be shown', async () => {
    const { slack, directory } = createBench()
    slack.on('conversations.list', {
      channels: [
        { id: 'C1AA', name: 'release' },
        { id: 'C2BB', name: 'release-notes' },
        { id: 'C3CC', name: 'relaese-secret' },
      ],
    })
    const shown: ShownChannels = async (all) => all.filter(({ name }) => name !== 'relaese-secret')
    await expect(directory.channels.find('relaese', shown, { signal: live() })).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
      details: { kind: 'channel', given: '#relaese', candidates: ['#release'], looked_at: 3 },
    })
  })

  test('opens a direct message once', async () => {
    const { slack, directory } = createBench()
    slack.on('conversations.open', { channel: { id: 'D1AA' } })
    expect(await directory.channels.directMessage('U1AA', live())).toBe('D1AA')
    expect(await directory.channels.directMessage('U1AA', live())).toBe('D1AA')
    expect(slack.counts()).toEqual({ 'conversations.open': 1 })
    expect(directory.channels.peek('D1AA')).toMatchObject({ kind: 'im', userId: 'U1AA' })
  })
})

describe('events', () => {
  const known = { id: 'C1AA', name: 'general', is_member: false, num_members: 5 }

  test.each(['user_change', 'user_profile_changed', 'user_status_changed', 'team_join'])(
    '%s renames a person',
    (type) => {
      const { directory } = createBench()
      directory.users.learn(user('U1AA', 'ada', 'Ada'))
      directory.notice(noticeOf(type, { user: user('U1AA', 'ada', 'Countess') }), 'U0BOT')
      expect(directory.user('U1AA')).toBe('Countess')
    },
  )

  test.each(['channel_rename', 'group_rename'])(
    '%s moves the name and gives the old one back',
    async (type) => {
      const { slack, directory } = createBench()
      directory.channels.learn(known)
      directory.notice(noticeOf(type, { channel: { id: 'C1AA', name: 'town-hall' } }), 'U0BOT')
      expect(directory.channels.peek('C1AA')).toMatchObject({ name: 'town-hall', memberCount: 5 })
      expect((await directory.channels.find('town-hall', everyChannel, { signal: live() })).id).toBe('C1AA')
      slack.on('conversations.list', { channels: [] })
      await expect(
        directory.channels.find('general', everyChannel, { signal: live() }),
      ).rejects.toMatchObject({
        code: 'SLACK_NAME_NOT_FOUND',
      })
    },
  )

  test('a new channel is found by name without a call', async () => {
    const { slack, directory } = createBench()
    directory.notice(noticeOf('channel_created', { channel: { id: 'C7GG', name: 'fresh' } }), 'U0BOT')
    expect((await directory.channels.find('fresh', everyChannel, { signal: live() })).id).toBe('C7GG')
    expect(slack.calls).toEqual([])
  })

  test('joining and leaving correct the count and our own membership', () => {
    const { directory } = createBench()
    directory.channels.learn(known)
    directory.notice(noticeOf('member_joined_channel', { channel: 'C1AA', user: 'U0BOT' }), 'U0BOT')
    expect(directory.channels.peek('C1AA')).toMatchObject({ isMember: true, memberCount: 6 })
    directory.notice(noticeOf('member_left_channel', { channel: 'C1AA', user: 'U9ZZ' }), 'U0BOT')
    expect(directory.channels.peek('C1AA')).toMatchObject({ isMember: true, memberCount: 5 })
    directory.notice(noticeOf('member_left_channel', { channel: 'C1AA', user: 'U0BOT' }), 'U0BOT')
    expect(directory.channels.peek('C1AA')).toMatchObject({ isMember: false, memberCount: 4 })
  })

  test.each([
    ['channel_archive', {}],
    ['channel_unarchive', {}],
    ['channel_deleted', {}],
    ['channel_left', {}],
    ['channel_shared', {}],
    ['group_archive', {}],
    ['message', { subtype: 'channel_topic' }],
    ['message', { subtype: 'channel_purpose' }],
    ['message', { subtype: 'group_topic' }],
  ])('%s %o makes the channel be asked for anew', (type, fields) => {
    const { directory } = createBench()
    directory.channels.learn(known)
    directory.notice(noticeOf(type, { channel: 'C1AA', ...fields }), 'U0BOT')
    expect(directory.channels.peek('C1AA')).toBeUndefined()
  })

  test('what was forgotten is still found by its name, with what Slack says now', async () => {
    const { slack, directory } = createBench()
    directory.channels.learn(known)
    directory.notice(noticeOf('message', { channel: 'C1AA', subtype: 'channel_topic' }), 'U0BOT')
    slack.on('conversations.info', { channel: { ...known, topic: { value: 'new' } } })
    expect((await directory.channels.find('general', everyChannel, { signal: live() })).topic).toBe('new')
    expect(slack.counts()).toEqual({ 'conversations.info': 1 })
  })

  test('what was forgotten and has another name by now is not taken for the old one', async () => {
    const { slack, directory } = createBench()
    directory.channels.learn(known)
    directory.notice(noticeOf('channel_unarchive', { channel: 'C1AA' }), 'U0BOT')
    slack
      .on('conversations.info', { channel: { ...known, name: 'town-hall' } })
      .on('conversations.list', { channels: [] })
    await expect(directory.channels.find('general', everyChannel, { signal: live() })).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
    })
  })

  test('an ordinary message changes nothing', () => {
    const { directory } = createBench()
    directory.channels.learn(known)
    directory.notice(noticeOf('message', { channel: 'C1AA', user: 'U1AA', text: 'hi' }), 'U0BOT')
    expect(directory.channels.peek('C1AA')?.name).toBe('general')
  })

  test('an id that changed is forgotten under its old spelling', () => {
    const { directory } = createBench()
    directory.channels.learn(known)
    const change = { old_channel_id: 'C1AA', new_channel_id: 'C9ZZ' }
    directory.notice(noticeOf('channel_id_changed', change), 'U0BOT')
    expect(directory.channels.peek('C1AA')).toBeUndefined()
  })
})
