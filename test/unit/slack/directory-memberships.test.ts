import { describe, expect, test } from 'bun:test'
import { Directory, directoryDefaults } from '../../../src/slack/directory.ts'
import { membershipMissTtlMs, membershipTtlMs } from '../../../src/slack/directory-memberships.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import {
  fails,
  refuses,
  type ScriptedAnswer,
  ScriptedSlack,
  scriptedIdentity,
} from '../../support/scripted-slack.ts'
import { noticeOf } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

const live = () => new AbortController().signal

function createBench(shared: ScriptedAnswer | readonly string[] = ['G1AA']) {
  const slack = new ScriptedSlack()
  const clock = new FakeClock()
  const directory = new Directory({ ...directoryDefaults, slack, clock })
  slack.on('users.conversations', typeof shared === 'function' ? shared : channels(shared))
  slack.on('users.info', ({ user }) => ({ user: { id: user, is_restricted: false } }))
  const { memberships } = directory
  return {
    slack,
    clock,
    directory,
    memberships,
    has: (channelId: string, userId = 'U1AA') => memberships.has(userId, channelId, live()),
    hear: (type: string, event: Readonly<Record<string, unknown>>) =>
      directory.notice(noticeOf(type, event), 'U0BOT'),
    asked: () => slack.of('users.conversations').length,
  }
}

function channels(ids: readonly string[]) {
  return { channels: ids.map((id) => ({ id, is_private: true })) }
}

describe('who shares a conversation with the bot', () => {
  test('one listing answers for every conversation of a person', async () => {
    const { has, slack, memberships } = createBench(['G1AA', 'C2BB'])
    expect(await Promise.all([has('G1AA'), has('C2BB'), has('C3CC')])).toEqual([true, true, false])
    expect([...(await memberships.of('U1AA', live()))]).toEqual(['G1AA', 'C2BB'])
    expect(slack.of('users.conversations')).toEqual([
      { user: 'U1AA', types: 'private_channel,mpim', limit: 999 },
    ])
  })

  test('asks for no kind that the token may not list', async () => {
    const { has, slack } = createBench()
    slack.identifyAs({ ...scriptedIdentity, scopes: ['channels:read', 'groups:read'] })
    await has('G1AA')
    expect(slack.of('users.conversations')[0]?.['types']).toBe('private_channel')
  })

  verifies('slack:membership:guest', 'a guest is asked about for public channels too', async () => {
    const { has, slack, memberships } = createBench(['C1AA'])
    slack.on('users.info', { user: { id: 'U1AA', is_restricted: true, is_ultra_restricted: true } })
    expect([await has('C1AA'), await has('C2BB')]).toEqual([true, false])
    expect(slack.of('users.conversations')[0]?.['types']).toBe('public_channel,private_channel,mpim')
    expect(await memberships.seesPublicChannels('U1AA', live())).toBe(false)
  })

  for (const [who, answer, isOpen] of [
    ['a full member', { user: { id: 'U1AA', is_restricted: false, is_ultra_restricted: false } }, true],
    ['a guest', { user: { id: 'U1AA', is_restricted: true, is_ultra_restricted: false } }, false],
    [
      'a guest of one channel',
      { user: { id: 'U1AA', is_restricted: false, is_ultra_restricted: true } },
      false,
    ],
    ['somebody of whom Slack does not say it', { user: { id: 'U1AA' } }, false],
    ['somebody unknown', refuses('user_not_found'), false],
    ['an answer of another shape', { user: 'U1AA' }, false],
  ] as const)
    verifies(
      'slack:membership:guest',
      `${who}: public channels are ${isOpen ? 'open' : 'closed'}`,
      async () => {
        const { memberships, slack } = createBench()
        slack.on('users.info', answer)
        expect(await memberships.seesPublicChannels('U1AA', live())).toBe(isOpen)
      },
    )

  verifies('slack:membership:guest', 'a look-up of the person that fails opens nothing', async () => {
    const { memberships, slack, has } = createBench()
    slack.on('users.info', fails('SLACK_UNAVAILABLE'))
    const unavailable = { code: 'SLACK_UNAVAILABLE' }
    await expect(memberships.seesPublicChannels('U1AA', live())).rejects.toMatchObject(unavailable)
    await expect(has('G1AA')).rejects.toMatchObject(unavailable)
  })

  verifies('slack:membership:cache', 'is believed for two minutes and no longer', async () => {
    const { has, slack, clock, asked } = createBench()
    expect(await has('G1AA')).toBe(true)
    slack.on('users.conversations', channels([]))
    await clock.advance(membershipTtlMs - 1)
    expect([await has('G1AA'), asked()]).toEqual([true, 1])
    await clock.advance(1)
    expect([await has('G1AA'), asked()]).toEqual([false, 2])
  })

  verifies('slack:membership:cache', 'says no for half a minute, then asks again', async () => {
    const { has, slack, clock, asked } = createBench([])
    expect(await has('G1AA')).toBe(false)
    slack.on('users.conversations', channels(['G1AA']))
    await clock.advance(membershipMissTtlMs - 1)
    expect([await has('G1AA'), asked()]).toEqual([false, 1])
    await clock.advance(1)
    expect([await has('G1AA'), asked()]).toEqual([true, 2])
  })

  test('each person has an answer of their own', async () => {
    const { has } = createBench(({ user }) => channels(user === 'U1AA' ? ['G1AA'] : []))
    expect([await has('G1AA', 'U1AA'), await has('G1AA', 'U2BB')]).toEqual([true, false])
  })

  test('forgets the person unused for longest beyond five hundred', async () => {
    const { has, asked } = createBench()
    for (let count = 0; count < 500; count++) await has('G1AA', `U${count}`)
    await has('G1AA', 'U0')
    expect(asked()).toBe(500)
    await has('G1AA', 'U500')
    await has('G1AA', 'U0')
    expect(asked()).toBe(501)
    await has('G1AA', 'U1')
    expect(asked()).toBe(502)
  })

  const paged: ScriptedAnswer = ({ cursor }) => {
    const page = Number(cursor ?? 1)
    return { ...channels([`G${page}AA`]), response_metadata: { next_cursor: String(page + 1) } }
  }

  test('reads three pages at most; what lies beyond is not shared', async () => {
    const { has, asked } = createBench(paged)
    expect([await has('G3AA'), await has('G4AA'), asked()]).toEqual([true, false, 3])
  })

  test('concurrent look-ups of one person share one call', async () => {
    const { has, asked } = createBench(async () => {
      await settle()
      return channels(['G1AA'])
    })
    expect(await Promise.all(Array.from({ length: 20 }, () => has('G1AA')))).toEqual(Array(20).fill(true))
    expect(asked()).toBe(1)
  })

  for (const [what, answer, code] of [
    ['an outage', fails('SLACK_UNAVAILABLE'), 'SLACK_UNAVAILABLE'],
    ['a rate limit', fails('SLACK_RATE_LIMITED'), 'SLACK_RATE_LIMITED'],
    ['a refusal', refuses('missing_scope'), 'SLACK_REFUSED'],
  ] as const)
    verifies('slack:membership:closed', `${what} is no membership, and is not remembered`, async () => {
      const { has, slack, memberships } = createBench(answer)
      await expect(has('G1AA')).rejects.toMatchObject({ code })
      await expect(memberships.of('U1AA', live())).rejects.toMatchObject({ code })
      slack.on('users.conversations', channels(['G1AA']))
      expect(await has('G1AA')).toBe(true)
    })

  verifies('slack:membership:closed', 'a second page that fails leaves nothing of the first', async () => {
    const { has } = createBench((params, options) =>
      params['cursor'] === undefined ? paged(params, options) : fails('SLACK_UNAVAILABLE')(params, options),
    )
    await expect(has('G1AA')).rejects.toMatchObject({ code: 'SLACK_UNAVAILABLE' })
    await expect(has('G1AA')).rejects.toMatchObject({ code: 'SLACK_UNAVAILABLE' })
  })

  verifies('slack:membership:closed', 'an answer of another shape is no membership', async () => {
    for (const answer of [{}, { channels: 'G1AA' }, { channels: ['G1AA', null, { id: 7 }] }]) {
      expect(await createBench(() => answer).has('G1AA')).toBe(false)
    }
  })
})

describe('events', () => {
  verifies('slack:membership:events', 'who left or was removed is out with the event', async () => {
    const { has, hear, asked } = createBench(['G1AA', 'G2BB'])
    await has('G1AA')
    hear('member_left_channel', { user: 'U1AA', channel: 'G1AA' })
    expect([await has('G1AA'), await has('G2BB'), asked()]).toEqual([false, true, 1])
  })

  verifies('slack:membership:events', 'who joined is in with the event', async () => {
    const { has, hear, asked } = createBench([])
    await has('G1AA')
    hear('member_joined_channel', { user: 'U1AA', channel: 'G1AA' })
    expect([await has('G1AA'), await has('G1AA', 'U2BB'), asked()]).toEqual([true, false, 2])
  })

  verifies('slack:membership:events', 'an answer that was under way does not undo the removal', async () => {
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof channels>>()
    const { has, hear } = createBench(() => promise)
    const first = has('G1AA')
    await settle()
    hear('member_left_channel', { user: 'U1AA', channel: 'G1AA' })
    resolve(channels(['G1AA', 'G2BB']))
    expect([await first, await has('G1AA'), await has('G2BB')]).toEqual([false, false, true])
  })

  verifies('slack:membership:guest', 'who becomes a guest sees no public channel from then on', async () => {
    const { memberships, hear } = createBench()
    expect(await memberships.seesPublicChannels('U1AA', live())).toBe(true)
    hear('user_change', { user: { id: 'U1AA', is_restricted: true } })
    expect(await memberships.seesPublicChannels('U1AA', live())).toBe(false)
  })

  test('a channel that turns private is asked about anew', async () => {
    const { has, hear, slack } = createBench([])
    expect(await has('C1AA')).toBe(false)
    slack.on('users.conversations', channels(['C1AA']))
    hear('message', { subtype: 'channel_convert_to_private', channel: 'C1AA' })
    expect(await has('C1AA')).toBe(true)
  })
})
