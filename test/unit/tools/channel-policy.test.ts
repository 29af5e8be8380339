import { describe, expect, test } from 'bun:test'
import type { PrincipalPolicy } from '../../../src/mcp/registry.ts'
import { fails, refuses } from '../../support/scripted-slack.ts'
import { createToolBench, noticeOf, principalWith } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

const live = () => new AbortController().signal

const workspace: Readonly<Record<string, object>> = {
  C1AA: { id: 'C1AA', name: 'general' },
  C2BB: { id: 'C2BB', name: 'secret', is_private: true },
  C3CC: { id: 'C3CC', name: 'mpdm-a--b-1', is_mpim: true },
  C4DD: { id: 'C4DD', name: 'caf\u00e9' },
  C5EE: { id: 'C5EE', name: 'cafe\u0301' },
  D1AA: { id: 'D1AA', is_im: true, user: 'U1AA' },
}

interface PolicyCase {
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  readonly principal?: readonly string[]
  readonly allowsDirectMessages?: boolean
}

function createBench({ read, write, principal, allowsDirectMessages = true }: PolicyCase) {
  const bench = createToolBench({
    settings: { readChannels: read, writeChannels: write, allowsDirectMessages },
  })
  const channels = new Map(Object.entries(workspace))
  bench.slack.on('conversations.info', ({ channel }) => {
    const found = channels.get(String(channel))
    return found === undefined ? refuses('channel_not_found')({}, {}) : { channel: found }
  })
  const policy: Partial<PrincipalPolicy> = { channels: principal }
  const violated = (action: 'read' | 'write', id: string) =>
    bench.slackOffer.services.policy.violated(principalWith(policy), action, id, live())
  return { ...bench, channels, violated }
}

describe('lists of channels', () => {
  test.each([
    ['nothing given', {}, 'C2BB', undefined],
    ['an id that is listed', { read: ['C1AA'] }, 'C1AA', undefined],
    ['an id that is not', { read: ['C1AA'] }, 'C2BB', 'read_channels'],
    ['a name that is listed', { read: ['#general'] }, 'C1AA', undefined],
    ['a name without the sign', { read: ['General'] }, 'C1AA', undefined],
    ['a name that is not', { read: ['#general'] }, 'C2BB', 'read_channels'],
    ['an excluded id', { read: ['!C2BB'] }, 'C2BB', 'read_channels'],
    ['any other beside an excluded id', { read: ['!C2BB'] }, 'C1AA', undefined],
    ['an excluded name', { read: ['!#secret'] }, 'C2BB', 'read_channels'],
    ['any other beside an excluded name', { read: ['!#secret'] }, 'C1AA', undefined],
    ['excluded beats included', { read: ['C2BB', '!#secret'] }, 'C2BB', 'read_channels'],
    [
      'a channel that cannot be looked up, where one is excluded by name',
      { read: ['!#secret'] },
      'C9ZZ',
      'read_channels',
    ],
    ['a channel that cannot be looked up, where ids are listed', { read: ['C9ZZ'] }, 'C9ZZ', undefined],
    [
      'an excluded name in the other spelling of its accent',
      { read: ['!cafe\u0301'] },
      'C4DD',
      'read_channels',
    ],
    ['an excluded name whose accent Slack spells apart', { read: ['!caf\u00e9'] }, 'C5EE', 'read_channels'],
    ['an empty list', { read: [] }, 'C1AA', 'read_channels'],
    ['a direct message beside a list', { read: ['#general'] }, 'D1AA', 'read_channels'],
    ['the list of the principal', { principal: ['#general'] }, 'C2BB', 'principal_channels'],
    ['both lists must agree', { read: ['#secret'], principal: ['#general'] }, 'C2BB', 'principal_channels'],
    ['direct messages off', { allowsDirectMessages: false }, 'D1AA', 'no_dms'],
    [
      'group messages under a channel id, with direct messages off',
      { allowsDirectMessages: false },
      'C3CC',
      'no_dms',
    ],
    ['channels, with direct messages off', { allowsDirectMessages: false }, 'C1AA', undefined],
    ['what cannot be looked up, with direct messages off', { allowsDirectMessages: false }, 'C9ZZ', 'no_dms'],
  ] as const)('%s', async (_, policy: PolicyCase, id, rule) => {
    expect(await createBench(policy).violated('read', id)).toBe(rule)
  })

  test('reading and writing have a list each', async () => {
    const { violated } = createBench({ write: ['#general'] })
    expect(await violated('read', 'C2BB')).toBeUndefined()
    expect(await violated('write', 'C2BB')).toBe('write_channels')
    expect(await violated('write', 'C1AA')).toBeUndefined()
  })

  test('nothing is asked of Slack where ids decide', async () => {
    const { slack, violated } = createBench({ read: ['C1AA', '!C2BB'] })
    await violated('read', 'C1AA')
    await violated('read', 'C2BB')
    expect(slack.calls).toEqual([])
  })

  test('an outage is no permission', async () => {
    const { slack, violated } = createBench({ read: ['#general'] })
    slack.on('conversations.info', fails('SLACK_UNAVAILABLE'))
    await expect(violated('read', 'C1AA')).rejects.toMatchObject({ code: 'SLACK_UNAVAILABLE' })
  })

  test('a rename takes effect with its event', async () => {
    const { bus, channels, violated } = createBench({ read: ['#general'] })
    expect(await violated('read', 'C1AA')).toBeUndefined()
    bus.publish(noticeOf('channel_rename', { channel: { id: 'C1AA', name: 'closed' } }))
    expect(await violated('read', 'C1AA')).toBe('read_channels')
    bus.publish(noticeOf('channel_rename', { channel: { id: 'C2BB', name: 'general' } }))
    channels.set('C2BB', { id: 'C2BB', name: 'general', is_private: true })
    expect(await violated('read', 'C2BB')).toBeUndefined()
  })
})

describe('the same policy everywhere', () => {
  const ts = '1700000000.000100'

  verifies('tools:policy', 'a channel that may not be read is out of reach on every way there', async () => {
    const { slack, call, slackOffer, context } = createToolBench({ settings: { readChannels: ['#general'] } })
    slack
      .on('conversations.info', ({ channel }) => ({ channel: workspace[String(channel)] }))
      .on('conversations.list', { channels: [workspace['C1AA'], workspace['C2BB']] })
      .on('search.messages', {
        messages: {
          matches: [
            { ts, text: 'open', channel: { id: 'C1AA', name: 'general' }, username: 'ada' },
            { ts, text: 'hidden', channel: { id: 'C2BB', name: 'secret' }, username: 'ada' },
          ],
          paging: { pages: 1 },
        },
      })
      .on('assistant.search.context', refuses('missing_scope'))
      .on('files.info', {
        file: {
          id: 'F1AA',
          channels: ['C2BB'],
          mimetype: 'text/plain',
          url_private: 'https://files.slack.com/a',
        },
      })
      .on('files.list', {
        files: [{ id: 'F1AA', channels: ['C2BB'] }, { id: 'F2BB', channels: ['C1AA'] }, { id: 'F3CC' }],
      })
      .on('chat.scheduledMessages.list', {
        scheduled_messages: [
          { id: 'Q1', channel_id: 'C1AA', post_at: 1_700_000_000, text: 'open' },
          { id: 'Q2', channel_id: 'C2BB', post_at: 1_700_000_000, text: 'hidden' },
        ],
      })
    const forbidden = { code: 'TOOL_FORBIDDEN', details: { rule: 'read_channels' } }
    for (const channel of [
      'C2BB',
      '#secret',
      '<#C2BB>',
      `https://acme.slack.com/archives/C2BB/p${ts.replace('.', '')}`,
    ]) {
      // Whole but for the channel, so that it is all that can be refused.
      for (const [tool, args] of [
        ['slack_read_channel_messages', {}],
        ['slack_read_thread_messages', { thread_ts: ts }],
        ['slack_get_message', { message_ts: ts }],
        ['slack_get_channel', {}],
        ['slack_list_pins', {}],
        ['slack_list_bookmarks', {}],
      ] as const) {
        await expect(call(tool, { channel, ...args })).rejects.toMatchObject(forbidden)
      }
    }
    await expect(call('slack_read_file', { file: 'F1AA' })).rejects.toMatchObject(forbidden)
    const { data: files } = await call('slack_list_files', {})
    expect(files.files.map(({ id }: { id: string }) => id)).toEqual(['F2BB'])
    const search = await call('slack_search_messages', { query: 'x' })
    expect(search.data.hits.map(({ text }: { text: string }) => text)).toEqual(['open'])
    expect(search.data.only_readable_channels).toBe(true)
    expect(search.text).not.toContain('hidden')
    const scheduled = await call('slack_list_scheduled_messages', {})
    expect(scheduled.text).not.toContain('hidden')
    const { data: listed } = await call('slack_list_channels', {})
    expect(listed.channels.map(({ id }: { id: string }) => id)).toEqual(['C1AA'])
    const [channel, thread] = slackOffer.offer.resourceTemplates
    await expect(
      channel?.read({ channel: 'C2BB' }, 'slack://channels/C2BB', context()) ?? Promise.resolve(),
    ).rejects.toMatchObject(forbidden)
    await expect(
      thread?.read({ channel: 'secret', ts }, 'slack://channels/secret/threads/1', context()) ??
        Promise.resolve(),
    ).rejects.toMatchObject(forbidden)
    expect(await channel?.complete?.('channel', '', context())).toEqual(['general'])
    const prompt = slackOffer.offer.prompts.find(({ name }) => name === 'summarise_channel')
    await expect(
      prompt?.render({ channel: '#secret' }, context()) ?? Promise.resolve([]),
    ).rejects.toMatchObject(forbidden)
    expect(await prompt?.complete?.('channel', '#', context())).toEqual(['#general'])
    const miss = call('slack_read_channel_messages', { channel: '#secrett' })
    await expect(miss).rejects.toMatchObject({ code: 'SLACK_NAME_NOT_FOUND', details: { candidates: [] } })
    for (const method of ['conversations.history', 'conversations.replies', 'pins.list', 'bookmarks.list']) {
      expect(slack.of(method)).toEqual([])
    }
  })

  test('a direct message is refused before it is opened', async () => {
    const { slack, call } = createToolBench({ settings: { allowsDirectMessages: false } })
    for (const channel of ['@ada', 'U1AA', 'ada@example.com']) {
      await expect(call('slack_post_message', { channel, text: 'hi' })).rejects.toMatchObject({
        code: 'TOOL_FORBIDDEN',
        details: { rule: 'no_dms' },
      })
    }
    await expect(call('slack_open_conversation', { users: ['U1AA'] })).rejects.toMatchObject({
      details: { rule: 'no_dms' },
    })
    expect(slack.calls).toEqual([])
  })

  test('a principal with a list of channels opens no direct message', async () => {
    const { slack, call } = createToolBench({ policy: { channels: ['C1AA'] } })
    await expect(call('slack_post_message', { channel: 'U1AA', text: 'hi' })).rejects.toMatchObject({
      details: { rule: 'principal_channels' },
    })
    expect(slack.calls).toEqual([])
  })

  test('no channel is made under a name that could not be written to', async () => {
    const { slack, call } = createToolBench({ settings: { writeChannels: ['#agents-news'] } })
    slack.on('conversations.create', { channel: { id: 'C8HH', name: 'agents-news' } })
    await expect(call('slack_create_channel', { name: 'other' })).rejects.toMatchObject({
      code: 'TOOL_FORBIDDEN',
    })
    expect(slack.calls).toEqual([])
    expect((await call('slack_create_channel', { name: 'agents-news' })).data.channel).toBe('C8HH')
  })
})

verifies(
  'tools:search:withheld',
  'a search answers a principal who may not read a channel alike, whatever is found there',
  async () => {
    const search = async (matches: readonly object[], policy: Partial<PrincipalPolicy>) => {
      const { slack, call } = createToolBench({ policy })
      slack
        .on('assistant.search.context', refuses('missing_scope'))
        .on('search.messages', { messages: { matches, paging: { pages: 1 } } })
      return await call('slack_search_messages', { query: 'layoff' })
    }
    const secret = {
      ts: '1700000000.000100',
      text: 'layoff',
      username: 'a',
      channel: { id: 'C2BB', name: 'board' },
    }
    const limited = { channels: ['C1AA'] }
    const none = await search([], limited)
    expect(none.text).toContain('0 hits. Channels that may not be read are left out.')
    expect(await search([secret], limited)).toEqual(none)
    expect(await search([secret, secret], limited)).toEqual(none)
    // Whoever may read everything is told nothing of what is left out.
    expect((await search([secret], {})).data).toMatchObject({ hits: [{ text: 'layoff' }] })
    expect((await search([], {})).text).toStartWith('0 hits. Slack content')
  },
)
