import { describe, expect, test } from 'bun:test'
import type { Principal } from '../../../src/mcp/registry.ts'
import { fails, refuses } from '../../support/scripted-slack.ts'
import { createToolBench, noticeOf, principalWith } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

/** Ada shares the channel `ours` and one group message with the bot; `theirs`, another group message and Ben's direct message are not hers. */
const workspace: Readonly<Record<string, object>> = {
  C1AA: { id: 'C1AA', name: 'general' },
  C2OURS: { id: 'C2OURS', name: 'ours', is_private: true },
  C3THEIRS: { id: 'C3THEIRS', name: 'theirs', is_private: true },
  G4OURS: { id: 'G4OURS', name: 'mpdm-ada--ben-1', is_mpim: true },
  G5THEIRS: { id: 'G5THEIRS', name: 'mpdm-ben--cy-1', is_mpim: true },
  D6OURS: { id: 'D6OURS', is_im: true, user: 'U1ADA' },
  D7THEIRS: { id: 'D7THEIRS', is_im: true, user: 'U2BEN' },
}
const ours = ['C2OURS', 'G4OURS', 'D6OURS']
const theirs = ['C3THEIRS', 'G5THEIRS', 'D7THEIRS', 'C9UNKNOWN']

const ada: Principal = {
  ...principalWith({}),
  name: 'slack:T100:U1ADA',
  slackUser: { userId: 'U1ADA', teamId: 'T100', enterpriseId: undefined },
}
const forbidden = { code: 'TOOL_FORBIDDEN', details: { rule: 'slack_user' } }
const ts = '1700000000.000100'
const live = () => new AbortController().signal

/** Gil is a guest: of the public channels only `lobby` is his, and of the closed ones what is Ada's. */
const gil: Principal = {
  ...ada,
  name: 'slack:T100:U3GIL',
  slackUser: { userId: 'U3GIL', teamId: 'T100', enterpriseId: undefined },
}

function createBench(principal = ada) {
  const bench = createToolBench()
  bench.slack
    .on('users.info', ({ user }) => ({ user: { id: user, is_restricted: user === 'U3GIL' } }))
    .on('conversations.info', ({ channel }) => {
      const found = workspace[String(channel)]
      return found === undefined ? refuses('channel_not_found')({}, {}) : { channel: found }
    })
    .on('conversations.list', { channels: Object.values(workspace) })
    .on('users.conversations', { channels: [workspace['C2OURS'], workspace['G4OURS']] })
    .on('conversations.history', { messages: [{ ts, username: 'ben', text: 'said' }] })
    .on('conversations.replies', { messages: [{ ts, username: 'ben', text: 'said' }] })
    .on('assistant.search.context', refuses('missing_scope'))
    .on('search.messages', {
      messages: {
        matches: Object.keys(workspace).map((id) => ({
          ts,
          text: `in ${id}`,
          channel: { id, name: id.toLowerCase() },
          username: 'ben',
        })),
        paging: { pages: 1 },
      },
    })
    .on('files.info', ({ file }) => ({
      file: {
        id: file,
        ims: file === 'F1AA' ? ['D7THEIRS'] : ['D7THEIRS', 'D6OURS'],
        mimetype: 'text/plain',
        url_private: 'https://files.slack.com/a',
      },
    }))
    .on('files.list', {
      files: Object.keys(workspace)
        .map((id) => ({ id: `F${id}`, groups: [id] }))
        .concat([{ id: 'FNOWHERE', groups: [] }]),
    })
  const overrides = { principal }
  return {
    ...bench,
    call: (name: string, args: unknown) => bench.call(name, args, overrides),
    context: () => bench.context(overrides),
  }
}

const permalink = (id: string) => `https://acme.slack.com/archives/${id}/p${ts.replace('.', '')}`

describe("a person for whom Slack's own client calls", () => {
  const says = (what: string) => `reaches by ${what} the conversations that they are in, and no others`

  verifies('tools:policy:slack-user', says('tools'), async () => {
    const { call, slack } = createBench()
    for (const channel of ['C1AA', ...ours]) {
      const { data } = await call('slack_read_channel_messages', { channel })
      expect(data.messages).toHaveLength(1)
    }
    const before = slack.of('conversations.history').length
    for (const channel of theirs) {
      await expect(call('slack_read_channel_messages', { channel })).rejects.toMatchObject(forbidden)
      await expect(call('slack_post_message', { channel, text: 'hi' })).rejects.toMatchObject(forbidden)
    }
    expect(slack.of('conversations.history')).toHaveLength(before)
    expect(slack.of('users.conversations')).toHaveLength(1)
  })

  verifies('tools:policy:slack-user', says('permalink'), async () => {
    const { call, slack } = createBench()
    for (const id of ours) await call('slack_get_message', { channel: permalink(id) })
    const before = slack.of('conversations.history').length
    for (const id of theirs) {
      await expect(call('slack_get_message', { channel: permalink(id) })).rejects.toMatchObject(forbidden)
    }
    expect(slack.of('conversations.history')).toHaveLength(before)
  })

  verifies('tools:policy:slack-user', says('listing'), async () => {
    const { data } = await createBench().call('slack_list_channels', { types: 'public,private,dm' })
    expect(data.channels.map(({ id }: { id: string }) => id)).toEqual(['C1AA', ...ours])
  })

  verifies('tools:policy:slack-user', says('name'), async () => {
    const { call } = createBench()
    await call('slack_read_channel_messages', { channel: '#ours' })
    await expect(call('slack_read_channel_messages', { channel: '#theirs' })).rejects.toMatchObject(forbidden)
    await expect(call('slack_read_channel_messages', { channel: '#their' })).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
      details: { candidates: [] },
    })
  })

  verifies('tools:policy:slack-user', says('search'), async () => {
    const { data, text } = await createBench().call('slack_search_messages', { query: 'x' })
    expect(data.hits.map((hit: { channel: { id: string } }) => hit.channel.id)).toEqual(['C1AA', ...ours])
    expect(text).not.toContain('THEIRS')
  })

  verifies('tools:policy:slack-user', says('file'), async () => {
    const { call } = createBench()
    expect((await call('slack_read_file', { file: 'F2BB' })).data.text).toBe('content')
    await expect(call('slack_read_file', { file: 'F1AA' })).rejects.toMatchObject({ code: 'TOOL_FORBIDDEN' })
    const { data } = await call('slack_list_files', {})
    expect(data.files.map(({ id }: { id: string }) => id)).toEqual(['FC1AA', ...ours.map((id) => `F${id}`)])
  })

  verifies('tools:policy:slack-user', says('resource'), async () => {
    const { slackOffer, context } = createBench()
    const [channel, thread] = slackOffer.offer.resourceTemplates
    if (channel === undefined || thread === undefined) throw new Error('No templates')
    for (const id of ours) {
      await channel.read({ channel: id }, `slack://channels/${id}`, context())
      await thread.read({ channel: id, ts }, `slack://channels/${id}/threads/${ts}`, context())
    }
    for (const id of theirs) {
      await expect(channel.read({ channel: id }, `slack://channels/${id}`, context())).rejects.toMatchObject(
        forbidden,
      )
      await expect(
        thread.read({ channel: id, ts }, `slack://channels/${id}/threads/${ts}`, context()),
      ).rejects.toMatchObject(forbidden)
    }
  })

  verifies('tools:policy:slack-user', says('completion'), async () => {
    const { slackOffer, context } = createBench()
    const [channel] = slackOffer.offer.resourceTemplates
    // Group messages carry a name of Slack's making.
    expect(await channel?.complete?.('channel', '', context())).toEqual([
      'general',
      'mpdm-ada--ben-1',
      'ours',
    ])
  })

  verifies('tools:policy:slack-user', says('prompt'), async () => {
    const { slackOffer, context } = createBench()
    const prompt = (name: string) => slackOffer.offer.prompts.find((candidate) => candidate.name === name)
    const render = (channel: string) =>
      prompt('summarise_channel')?.render({ channel }, context()) ?? Promise.resolve([])
    expect(await render('#ours')).toHaveLength(2)
    await expect(render('#theirs')).rejects.toMatchObject(forbidden)
    expect(await prompt('summarise_channel')?.complete?.('channel', '#', context())).toEqual([
      '#general',
      '#mpdm-ada--ben-1',
      '#ours',
    ])
  })

  verifies('tools:policy:slack-user', says('mention'), async () => {
    const { call, slack } = createBench()
    slack.on('conversations.history', {
      messages: [{ ts, username: 'ben', text: 'see <#C2OURS> and <#C3THEIRS>' }],
    })
    const { data } = await call('slack_read_channel_messages', { channel: 'C1AA' })
    expect(data.messages[0].text).toBe('see #ours and #C3THEIRS')
  })

  verifies(
    'tools:policy:slack-user',
    'opens direct messages only with themselves among the people',
    async () => {
      const { call, slack } = createBench()
      slack.on('conversations.open', { channel: { id: 'G8NEW' } })
      await expect(call('slack_open_conversation', { users: ['U2BEN'] })).rejects.toMatchObject(forbidden)
      await expect(call('slack_post_message', { channel: 'U2BEN', text: 'hi' })).rejects.toMatchObject(
        forbidden,
      )
      expect(slack.of('conversations.open')).toEqual([])
      await call('slack_read_channel_messages', { channel: 'C2OURS' })
      await call('slack_open_conversation', { users: ['U2BEN', 'U1ADA'] })
      slack.on('conversations.info', { channel: { id: 'G8NEW', is_mpim: true } })
      await call('slack_read_channel_messages', { channel: 'G8NEW' })
    },
  )

  test('makes no private channel, which they would not be in', async () => {
    const { call, slack } = createBench()
    slack.on('conversations.create', { channel: { id: 'C8NEW', name: 'new' } })
    await expect(call('slack_create_channel', { name: 'new', is_private: true })).rejects.toMatchObject({
      code: 'TOOL_FORBIDDEN',
    })
    expect(slack.of('conversations.create')).toEqual([])
    expect((await call('slack_create_channel', { name: 'new' })).data.channel).toBe('C8NEW')
  })

  verifies('tools:policy:slack-user', 'is kept out by the event that says that they left', async () => {
    const { call, bus } = createBench()
    await call('slack_read_channel_messages', { channel: 'C2OURS' })
    bus.publish(noticeOf('member_left_channel', { user: 'U1ADA', channel: 'C2OURS' }))
    await expect(call('slack_read_channel_messages', { channel: 'C2OURS' })).rejects.toMatchObject(forbidden)
  })

  verifies(
    'tools:policy:slack-user',
    'reads nothing closed while Slack does not say who is in it',
    async () => {
      const { call, slack, slackOffer, context } = createBench()
      slack.on('users.conversations', fails('SLACK_UNAVAILABLE'))
      const unavailable = { code: 'SLACK_UNAVAILABLE' }
      await call('slack_read_channel_messages', { channel: 'C1AA' })
      const before = slack.of('conversations.history').length
      await expect(call('slack_read_channel_messages', { channel: 'C2OURS' })).rejects.toMatchObject(
        unavailable,
      )
      await expect(call('slack_search_messages', { query: 'x' })).rejects.toMatchObject(unavailable)
      await expect(call('slack_list_files', {})).rejects.toMatchObject(unavailable)
      await expect(call('slack_list_channels', {})).rejects.toMatchObject(unavailable)
      const [channel] = slackOffer.offer.resourceTemplates
      await expect(
        channel?.complete?.('channel', '', context()) ?? Promise.resolve([]),
      ).rejects.toMatchObject(unavailable)
      expect(slack.of('conversations.history')).toHaveLength(before)
      slack.on('conversations.history', { messages: [{ ts, username: 'ben', text: 'see <#C2OURS>' }] })
      const { data } = await call('slack_read_channel_messages', { channel: 'C1AA' })
      expect(data.messages[0].text).toBe('see #C2OURS')
    },
  )

  test('is held to the lists of channels like everybody else', async () => {
    const bench = createToolBench({ settings: { readChannels: ['#general'] } })
    bench.slack
      .on('users.info', { user: { id: 'U1ADA', is_restricted: false } })
      .on('conversations.info', { channel: workspace['C2OURS'] })
      .on('users.conversations', { channels: [workspace['C2OURS']] })
    const { policy } = bench.slackOffer.services
    expect(await policy.violated(ada, 'read', 'C2OURS', live())).toBe('read_channels')
  })

  test('sees no file that lies in no conversation', () => {
    expect(createBench().slackOffer.services.policy.isUnrestricted(ada, 'read')).toBe(false)
  })
})

describe("a guest for whom Slack's own client calls", () => {
  const lobby = { id: 'C0LOBBY', name: 'lobby' }
  const createGuestBench = () => {
    const bench = createBench(gil)
    const everything: Readonly<Record<string, object>> = { ...workspace, C0LOBBY: lobby }
    bench.slack
      .on('conversations.info', ({ channel }) => ({ channel: everything[String(channel)] }))
      .on('conversations.list', { channels: [lobby, workspace['C1AA'], workspace['C2OURS']] })
      .on('users.conversations', { channels: [lobby, workspace['C2OURS']] })
    return bench
  }

  verifies('tools:policy:slack-user', 'reaches of the public channels those that they are in', async () => {
    const { call, slack } = createGuestBench()
    for (const channel of ['#lobby', 'C2OURS']) await call('slack_read_channel_messages', { channel })
    const before = slack.of('conversations.history').length
    for (const channel of ['#general', 'C1AA', permalink('C1AA')]) {
      const args = { channel, ...(channel.startsWith('http') ? {} : { limit: 1 }) }
      const tool = channel.startsWith('http') ? 'slack_get_message' : 'slack_read_channel_messages'
      await expect(call(tool, args)).rejects.toMatchObject(forbidden)
    }
    await expect(call('slack_post_message', { channel: 'C1AA', text: 'hi' })).rejects.toMatchObject(forbidden)
    await expect(call('slack_join_channel', { channel: 'C1AA' })).rejects.toMatchObject(forbidden)
    await expect(call('slack_create_channel', { name: 'new' })).rejects.toMatchObject({
      code: 'TOOL_FORBIDDEN',
    })
    expect(slack.of('conversations.history')).toHaveLength(before)
    const { data } = await call('slack_list_channels', { types: 'public,private' })
    expect(data.channels.map(({ id }: { id: string }) => id)).toEqual(['C0LOBBY', 'C2OURS'])
    const hits = await call('slack_search_messages', { query: 'x' })
    expect(hits.data.hits.map((hit: { channel: { id: string } }) => hit.channel.id)).toEqual(['C2OURS'])
  })

  verifies(
    'tools:policy:slack-user',
    'reads nothing public while Slack does not say who they are',
    async () => {
      const { call, slack } = createGuestBench()
      slack.on('users.info', fails('SLACK_UNAVAILABLE'))
      for (const [tool, args] of [
        ['slack_read_channel_messages', { channel: 'C0LOBBY' }],
        ['slack_list_channels', {}],
      ] as const)
        await expect(call(tool, args)).rejects.toMatchObject({ code: 'SLACK_UNAVAILABLE' })
      expect(slack.of('conversations.history')).toEqual([])
    },
  )
})
