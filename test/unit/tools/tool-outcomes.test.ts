import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { RegisteredResourceTemplate } from '../../../src/mcp/registry.ts'
import { asObject } from '../../../src/slack/json-fields.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { refuses } from '../../support/scripted-slack.ts'
import { createToolBench, scriptedFiles } from '../../support/tool-bench.ts'
import { caseTs, toolCases } from '../../support/tool-cases.ts'
import { verifies } from '../../support/verifies.ts'

const folder = join(import.meta.dir, '../../snapshots/tool-outcomes')
const isWriting = process.env['UPDATE_SNAPSHOTS'] === '1'

describe('the outcome of', () => {
  test.each(toolTable.map((tool) => [tool.name, tool] as const))(
    '%s is the recorded one',
    async (name, tool) => {
      const { slack, call } = createToolBench()
      const { args, script } = toolCases[name] ?? { args: {}, script: () => undefined }
      script(slack)
      const outcome = await call(name, args)
      const seen = {
        args,
        slack_calls: slack.calls,
        text: outcome.text.split('\n'),
        structuredContent: JSON.parse(JSON.stringify(outcome.data)),
      }
      const file = Bun.file(join(folder, `${name}.json`))
      if (isWriting) await Bun.write(file, `${JSON.stringify(seen, null, 2)}\n`)
      expect((await file.exists()) ? await file.json() : 'no snapshot').toEqual(
        JSON.parse(JSON.stringify(seen)),
      )
      expect(TypeCompiler.Compile(tool.output).Check(outcome.data)).toBe(true)
      expect(JSON.stringify(outcome.data)).not.toContain('null')
      // What a tool declares as its cost is what it calls.
      for (const { method } of slack.calls) expect(tool.cost.methods).toContain(method)
    },
  )
})

const reply = { ts: '1700000050.000200', thread_ts: caseTs, username: 'b', text: 'reply' }
const head = { ts: caseTs, thread_ts: caseTs, username: 'a', text: 'head', reply_count: 1 }

describe('slack_get_message', () => {
  test('reads a reply and its head from a permalink with one call', async () => {
    const { slack, call } = createToolBench()
    slack.on('conversations.replies', { messages: [head, reply] })
    const link = `https://acme.slack.com/archives/C1AA/p1700000050000200?thread_ts=${caseTs}&cid=C1AA`
    const { data } = await call('slack_get_message', { channel: link, format: 'concise' })
    expect(data.messages.map(({ text }: { text: string }) => text)).toEqual(['head', 'reply'])
    expect(slack.calls).toHaveLength(1)
  })

  test('finds a reply by its bare ts, which the history of the channel does not hold', async () => {
    const { slack, call } = createToolBench()
    slack
      .on('conversations.history', { messages: [{ ts: '1600000000.000000', username: 'x', text: 'older' }] })
      .on('conversations.replies', ({ ts }) => ({ messages: ts === caseTs ? [head, reply] : [reply] }))
    const { data } = await call('slack_get_message', { channel: 'C1AA', message_ts: reply.ts })
    expect(data.messages.map(({ text }: { text: string }) => text)).toEqual(['head', 'reply'])
    expect(slack.counts()).toEqual({ 'conversations.history': 1, 'conversations.replies': 2 })
  })

  test('says so where there is no such message', async () => {
    const { slack, call } = createToolBench()
    slack.on('conversations.history', { messages: [] }).on('conversations.replies', { messages: [] })
    await expect(call('slack_get_message', { channel: 'C1AA', message_ts: caseTs })).rejects.toMatchObject({
      code: 'SLACK_REFUSED',
      details: { slack_error: 'message_not_found' },
    })
  })
})

describe('names for ids', () => {
  test('a channel by #name, a person by @name and e-mail are resolved on the way', async () => {
    const { slack, call } = createToolBench()
    slack
      .on('conversations.list', { channels: [{ id: 'C1AA', name: 'general' }] })
      .on('users.list', { members: [{ id: 'U1AA', name: 'ada' }] })
      .on('users.lookupByEmail', { user: { id: 'U2BB', name: 'bob' } })
      .on('conversations.open', ({ users }) => ({ channel: { id: users === 'U1AA' ? 'D1AA' : 'D2BB' } }))
      .on('chat.postMessage', ({ channel }) => ({ channel, ts: caseTs }))
    for (const channel of ['#general', 'general', '@ada', 'bob@example.com'])
      await call('slack_post_message', { channel, text: 'hi' })
    expect(slack.of('chat.postMessage').map(({ channel }) => channel)).toEqual([
      'C1AA',
      'C1AA',
      'D1AA',
      'D2BB',
    ])
  })

  test('a permalink as channel means the thread of that message', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts: caseTs })
    await call('slack_post_message', {
      channel: 'https://acme.slack.com/archives/C1AA/p1700000000000100',
      text: 'hi',
    })
    expect(slack.of('chat.postMessage')).toMatchObject([{ channel: 'C1AA', thread_ts: caseTs }])
  })

  test('reply_broadcast without a thread is refused, with one it is passed on', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts: caseTs })
    const refused = call('slack_post_message', { channel: 'C1AA', text: 'hi', reply_broadcast: true })
    await expect(refused).rejects.toMatchObject({
      code: 'TOOL_ARGUMENTS_INVALID',
      details: { field: 'reply_broadcast' },
    })
    expect(slack.of('chat.postMessage')).toEqual([])
    const inThread = { channel: 'C1AA', text: 'hi', thread_ts: caseTs, reply_broadcast: true }
    await call('slack_post_message', inThread)
    expect(slack.of('chat.postMessage')).toMatchObject([{ thread_ts: caseTs, reply_broadcast: true }])
  })

  test('message_ts, timestamp and thread_ts stand for each other where one is meant', async () => {
    const { slack, call } = createToolBench()
    slack
      .on('reactions.add', {})
      .on('chat.delete', {})
      .on('chat.postMessage', { channel: 'C1AA', ts: caseTs })
    await call('slack_add_reactions', { channel: 'C1AA', message_ts: caseTs, emojis: ['a'] })
    await call('slack_delete_message', { channel: 'C1AA', timestamp: caseTs })
    await call('slack_thread_reply', { channel: 'C1AA', message_ts: caseTs, texts: ['x'] })
    expect(
      slack.calls.map(({ params }) => params['timestamp'] ?? params['ts'] ?? params['thread_ts']),
    ).toEqual([caseTs, caseTs, caseTs])
  })

  test('one text stands for a list of one, also under its alias', async () => {
    const { slack, call } = createToolBench()
    slack.on('chat.postMessage', { channel: 'C1AA', ts: caseTs }).on('reactions.add', {})
    const thread = { channel: 'C1AA', thread_ts: caseTs }
    for (const args of [{ text: 'hi' }, { texts: 'hi' }])
      expect((await call('slack_thread_reply', { ...thread, ...args })).data.responses).toHaveLength(1)
    await call('slack_add_reactions', { channel: 'C1AA', timestamp: caseTs, emojis: 'tada' })
    expect(slack.of('reactions.add')).toMatchObject([{ name: 'tada' }])
  })

  test('a direct message is shown by the sign of a person, and no reply of a thread repeats which it is', async () => {
    const { slack, call } = createToolBench()
    slack
      .on('users.info', { user: { id: 'U1AA', name: 'ada' } })
      .on('conversations.open', { channel: { id: 'D1AA' } })
      .on('conversations.info', { channel: { id: 'D1AA', is_im: true, user: 'U1AA' } })
      .on('conversations.history', { messages: [reply] })
      .on('conversations.replies', { messages: [head, reply] })
    await call('slack_get_channel', { channel: 'D1AA' })
    const page = await call('slack_read_channel_messages', { channel: 'D1AA' })
    expect(page.text).toStartWith('@ada (D1AA): 1 message')
    expect(page.text).toContain(`[reply to ${caseTs}]`)
    const thread = await call('slack_read_thread_messages', { channel: 'D1AA', thread_ts: caseTs })
    expect(thread.text).toContain(`Thread ${caseTs}.`)
    expect(thread.text).not.toContain('reply to')
  })

  test('what can be no channel is refused with what is accepted', async () => {
    const { call } = createToolBench()
    await expect(call('slack_read_channel_messages', { channel: 'two words' })).rejects.toMatchObject({
      code: 'TOOL_ARGUMENTS_INVALID',
      details: { field: 'channel', given: 'two words', example: '#general' },
    })
  })
})

test('the details of a channel are what Slack says now, whatever is remembered', async () => {
  const { slack, call } = createToolBench()
  let memberCount = 3
  slack.on('conversations.info', () => ({
    channel: { id: 'C1AA', name: 'general', num_members: memberCount++ },
  }))
  expect((await call('slack_get_channel', { channel: 'C1AA' })).data.member_count).toBe(3)
  expect((await call('slack_get_channel', { channel: 'C1AA' })).data.member_count).toBe(4)
})

test('editing to plain text takes the blocks of the old message away', async () => {
  const { slack, call } = createToolBench()
  slack.on('chat.update', {})
  await call('slack_update_message', { channel: 'C1AA', message_ts: caseTs, text: 'new' })
  await call('slack_update_message', { channel: 'C1AA', message_ts: caseTs, markdown: '**new**' })
  expect(slack.of('chat.update').map(({ blocks }) => blocks)).toEqual([
    [],
    [{ type: 'markdown', text: '**new**' }],
  ])
})

describe('slack_post_message in parts', () => {
  const text = `${'a'.repeat(3000)}\n\n${'b'.repeat(3000)}\n\n${'c'.repeat(3000)}`

  test('sends them in order and reports each', async () => {
    const { slack, call } = createToolBench()
    let count = 0
    slack.on('chat.postMessage', () => ({ channel: 'C1AA', ts: `170000000${count++}.000100` }))
    const { data } = await call('slack_post_message', { channel: 'C1AA', text, if_long: 'split' })
    expect(slack.of('chat.postMessage').map((params) => String(params['text'])[0])).toEqual(['a', 'b', 'c'])
    expect(data).toEqual({
      channel: 'C1AA',
      ts: '1700000000.000100',
      responses: [0, 1, 2].map((part) => ({ ok: true, part: part + 1, ts: `170000000${part}.000100` })),
    })
  })

  test('stops at the first that fails and says what was sent', async () => {
    const { slack, call } = createToolBench()
    let count = 0
    slack.on('chat.postMessage', (params) =>
      ++count === 2 ? refuses('restricted_action')(params, {}) : { channel: 'C1AA', ts: caseTs },
    )
    const outcome = await call('slack_post_message', { channel: 'C1AA', text, if_long: 'split' })
    expect(outcome.text).toStartWith('Posted 1 of 3 parts')
    expect(outcome.text).toContain('\nPart 2: restricted_action: ')
    expect(outcome.data.responses).toMatchObject([
      { ok: true, part: 1 },
      { ok: false, part: 2, error: { details: { slack_error: 'restricted_action' } } },
    ])
    expect(count).toBe(2)
  })
})

test('slack_get_usergroup_members says for an unknown handle how to find the right one', async () => {
  const { slack, call } = createToolBench()
  slack.on('usergroups.list', { usergroups: [{ id: 'S1AA', handle: 'oncall' }] })
  await expect(call('slack_get_usergroup_members', { usergroup: '@onkall' })).rejects.toMatchObject({
    code: 'SLACK_NAME_NOT_FOUND',
    details: { candidates: ['@oncall'], hint: expect.stringContaining('slack_list_usergroups') },
  })
})

describe('slack_list_channels', () => {
  test("lists the bot's own channels by the method that reads no others", async () => {
    const { slack, call } = createToolBench()
    slack.on('users.conversations', { channels: [{ id: 'C1AA', name: 'general' }] })
    const { data } = await call('slack_list_channels', { member_only: true, types: 'public' })
    expect(data.channels).toEqual([{ id: 'C1AA', name: 'general', kind: 'public_channel', is_member: true }])
    expect(slack.calls).toMatchObject([
      { method: 'users.conversations', params: { types: 'public_channel' } },
    ])
  })

  test('searches names, topics and purposes page by page and says what it left out', async () => {
    const { slack, call } = createToolBench()
    const channels = [
      { id: 'C1AA', name: 'release' },
      { id: 'C2BB', name: 'x', topic: { value: 'Release notes' } },
      { id: 'C3CC', name: 'y', purpose: { value: 'all releases' } },
      { id: 'C4DD', name: 'other' },
    ]
    slack.on('conversations.list', { channels })
    const { data, text } = await call('slack_list_channels', { query: '#RELEASE', limit: 2 })
    expect(data.channels.map(({ id }: { id: string }) => id)).toEqual(['C1AA', 'C2BB'])
    expect([data.omitted, data.looked_at]).toEqual([1, 4])
    expect(text).toContain('1 more match: narrow the query.')
  })

  test('reads at most its bound of pages', async () => {
    const { slack, call } = createToolBench({ settings: { lookupPagesMax: 3 } })
    slack.on('conversations.list', {
      channels: [{ id: 'C1AA', name: 'other' }],
      response_metadata: { next_cursor: 'more' },
    })
    const { data } = await call('slack_list_channels', { query: 'nowhere' })
    expect(slack.calls).toHaveLength(3)
    expect(data).toMatchObject({ channels: [], looked_at: 3, next_cursor: 'more' })
  })

  test('asks for no direct messages where they are off', async () => {
    const { slack, call } = createToolBench({ settings: { allowsDirectMessages: false } })
    slack.on('conversations.list', { channels: [] })
    await call('slack_list_channels', { types: 'private,dm' })
    await call('slack_list_channels', { types: 'dm' })
    expect(slack.of('conversations.list').map(({ types }) => types)).toEqual([
      'private_channel',
      'public_channel',
    ])
  })
})

verifies(
  'tools:files',
  'text comes as text, images as images, all within their limits, the rest not at all',
  async () => {
    const file = (mimetype: string, more: object = {}) => ({
      file: { id: 'F1AA', name: 'f', mimetype, url_private: 'https://files.slack.com/f', ...more },
    })
    const read = async (answer: object, content: string) => {
      const { slack, call } = createToolBench({ files: scriptedFiles(content) })
      slack.on('files.info', answer as never)
      return await call('slack_read_file', { file: 'https://acme.slack.com/files/U1AA/F1AA/f.txt' })
    }
    expect((await read(file('text/plain'), 'one\ntwo')).data).toMatchObject({
      content: 'text',
      text: 'one\ntwo',
    })
    expect((await read(file('text/plain'), 'one\ntwo')).text).toContain('\n  one\n  two\n')
    expect((await read(file('application/octet-stream', { mode: 'snippet' }), 'code')).data.content).toBe(
      'text',
    )
    expect((await read(file('text/plain'), 'x'.repeat(100_000))).data.is_cut).toBeUndefined()
    const cut = await read(file('text/plain'), 'x'.repeat(100_001))
    expect([cut.data.is_cut, cut.data.text.length]).toEqual([true, 100_000])
    const image = await read(file('image/png'), 'png bytes')
    expect(image.blocks).toEqual([{ type: 'image', data: btoa('png bytes'), mimeType: 'image/png' }])
    const large = await read(file('image/png'), 'x'.repeat(5 * 1024 * 1024 + 1))
    expect([large.blocks, large.data.content]).toEqual([undefined, 'none'])
    for (const mimetype of ['application/pdf', 'image/svg+xml', 'video/mp4']) {
      expect((await read(file(mimetype), 'x')).data.content).toBe('none')
    }
    expect((await read(file(''), 'no type, but text')).data.content).toBe('text')
    expect((await read(file('application/octet-stream'), 'with a \0 byte')).data.content).toBe('none')
    await expect(read({ file: { id: 'F1AA', mimetype: 'text/plain' } }, 'x')).rejects.toMatchObject({
      details: { slack_error: 'file_not_accessible' },
    })
  },
)

describe('slack_upload_file', () => {
  test('takes text or base64, exactly one of them', async () => {
    const { slack, call } = createToolBench()
    toolCases['slack_upload_file']?.script(slack)
    const file = { channel: 'C1AA', filename: 'a.bin' }
    expect(
      (await call('slack_upload_file', { ...file, content_base64: btoa('\u0001\u0002') })).data.size,
    ).toBe(2)
    for (const bad of [{}, { content: 'a', content_base64: 'YQ==' }, { content_base64: 'not base64!' }]) {
      await expect(call('slack_upload_file', { ...file, ...bad })).rejects.toMatchObject({
        details: { field: 'content' },
      })
    }
  })

  test('takes no path for a name, and no path to read from', async () => {
    const { call } = createToolBench()
    for (const filename of ['../a', '/etc/passwd', 'a\\b', 'a\nb', '']) {
      await expect(
        call('slack_upload_file', { channel: 'C1AA', filename, content: 'x' }),
      ).rejects.toMatchObject({ code: 'TOOL_ARGUMENTS_INVALID' })
    }
    const upload = toolTable.find(({ name }) => name === 'slack_upload_file')
    expect(Object.keys(upload?.input.properties ?? {}).filter((name) => /path|url/.test(name))).toEqual([])
  })
})

test('a schedule must lie in the next 120 days', async () => {
  const { slack, clock, call } = createToolBench()
  slack.on('chat.scheduleMessage', { scheduled_message_id: 'Q1' })
  const schedule = (seconds: number) =>
    call('slack_schedule_message', {
      channel: 'C1AA',
      text: 'x',
      post_at: String(clock.now() / 1000 + seconds),
    })
  const furthest = 120 * 24 * 3600
  for (const seconds of [1, furthest]) await schedule(seconds)
  for (const seconds of [0, -60, furthest + 1]) {
    await expect(schedule(seconds)).rejects.toMatchObject({ details: { field: 'post_at' } })
  }
})

test('times are read and shown in the zone of the server', async () => {
  const { slack, call } = createToolBench({ settings: { timezone: 'Asia/Tokyo' } })
  slack.on('conversations.history', { messages: [{ ts: caseTs, username: 'b', text: 'x' }] })
  const { text, data } = await call('slack_read_channel_messages', { channel: 'C1AA', oldest: 'today' })
  expect(text).toContain('times in Asia/Tokyo')
  expect(text).toContain(`\n2023-11-15\n${caseTs} 07:13 b: x`)
  expect(data.timezone).toBe('Asia/Tokyo')
  // 2023-11-15T00:00 in Tokyo.
  expect(slack.of('conversations.history')).toMatchObject([{ oldest: '1699974000.000000' }])
})

test('an app that is distributed asks for 15 messages at most', async () => {
  const { slack, call } = createToolBench({ settings: { isDistributedApp: true } })
  slack.on('conversations.history', { messages: [] }).on('conversations.replies', { messages: [] })
  await call('slack_read_channel_messages', { channel: 'C1AA' })
  await call('slack_read_thread_messages', { channel: 'C1AA', thread_ts: caseTs, limit: 10 })
  expect(slack.calls.map(({ params }) => params['limit'])).toEqual([15, 10])
})

test('search falls back to the older method only where the newer one is not granted', async () => {
  const { slack, call } = createToolBench()
  slack
    .on('assistant.search.context', refuses('missing_scope'))
    .on('search.messages', { messages: { matches: [], paging: { pages: 1 } } })
  await call('slack_search_messages', { query: 'x' })
  expect(slack.calls.map(({ method, token }) => [method, token])).toEqual([
    ['assistant.search.context', 'user'],
    ['search.messages', 'user'],
  ])
  slack.on('assistant.search.context', refuses('invalid_query'))
  await expect(call('slack_search_messages', { query: 'x' })).rejects.toMatchObject({
    details: { slack_error: 'invalid_query' },
  })
})

describe('resources and prompts', () => {
  test('a channel, a thread and a person are read by their address, as the tools read them', async () => {
    const { slack, slackOffer, context, call } = createToolBench()
    toolCases['slack_read_channel_messages']?.script(slack)
    toolCases['slack_read_thread_messages']?.script(slack)
    const [channel, thread, user] = slackOffer.offer.resourceTemplates
    expect([channel, thread, user].map((template) => template?.uriTemplate)).toEqual([
      'slack://channels/{channel}',
      'slack://channels/{channel}/threads/{ts}',
      'slack://users/{user}',
    ])
    const uri = 'slack://channels/C1AA'
    const contents = await channel?.read({ channel: 'C1AA' }, uri, context())
    expect(contents).toMatchObject({ uri, mimeType: 'application/json' })
    const { data } = await call('slack_read_channel_messages', { channel: 'C1AA', limit: 50 })
    expect(JSON.parse(String(asObject(contents)['text']))).toEqual(data)
    const readAs = async (
      template: RegisteredResourceTemplate | undefined,
      variables: Readonly<Record<string, string>>,
    ) => JSON.parse(String(asObject(await template?.read(variables, 'slack://x', context()))['text']))
    const threadRead = await readAs(thread, { channel: 'C1AA', ts: caseTs })
    expect(threadRead).toMatchObject({ source: 'slack', trusted: false })
    expect(await readAs(user, { user: 'U1AA' })).toMatchObject({ handle: 'ada', trusted: false })
    await expect(
      thread?.read({ channel: 'C1AA', ts: '1' }, 'slack://x', context()) ?? Promise.resolve(),
    ).rejects.toMatchObject({
      code: 'TOOL_ARGUMENTS_INVALID',
    })
  })

  test('people are completed by their handles, from one page at most', async () => {
    const { slack, slackOffer, context } = createToolBench()
    slack.on('users.list', {
      members: [
        { id: 'U1AA', name: 'ada' },
        { id: 'U2BB', name: 'adam' },
        { id: 'U3CC', name: 'adele', deleted: true },
      ],
      response_metadata: { next_cursor: 'x' },
    })
    const user = slackOffer.offer.resourceTemplates[2]
    expect(await user?.complete?.('user', '@ad', context())).toEqual(['ada', 'adam'])
    expect(await user?.complete?.('user', 'zz', context())).toEqual([])
    expect(slack.calls.length).toBeLessThanOrEqual(2)
  })

  test('prompts bring the messages along as untrusted material', async () => {
    const { slack, slackOffer, context } = createToolBench()
    toolCases['slack_read_channel_messages']?.script(slack)
    toolCases['slack_read_thread_messages']?.script(slack)
    const link = 'https://acme.slack.com/archives/C1AA/p1700000000000100'
    const prompts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      summarise_channel: { channel: 'C1AA' },
      weekly_digest: { channels: 'C1AA, C2BB' },
      catch_up_thread: { thread: link },
      draft_reply: { thread: link, intent: 'yes, on Friday' },
    }
    for (const [name, args] of Object.entries(prompts)) {
      const messages =
        (await slackOffer.offer.prompts.find((prompt) => prompt.name === name)?.render(args, context())) ?? []
      expect([name, messages[0]?.content.type, messages.slice(1).map(({ content }) => content.type)]).toEqual(
        [name, 'text', name === 'weekly_digest' ? ['resource', 'resource'] : ['resource']],
      )
      expect(JSON.stringify(messages[0])).toContain('written by others')
      expect(JSON.stringify(messages[1])).toContain('hello')
    }
    const digest = slackOffer.offer.prompts.find((prompt) => prompt.name === 'weekly_digest')
    for (const channels of ['', ' , ', 'a,b,c,d,e,f']) {
      await expect(digest?.render({ channels }, context()) ?? Promise.resolve([])).rejects.toMatchObject({
        details: { field: 'channels' },
      })
    }
  })

  test('who may not use the tools may not read through resources and prompts', async () => {
    const { slack, slackOffer, context } = createToolBench({ policy: { toolsets: ['users'] } })
    const [channel] = slackOffer.offer.resourceTemplates
    const [emojis] = slackOffer.offer.resources
    const prompt = slackOffer.offer.prompts.find(({ name }) => name === 'summarise_channel')
    const forbidden = { code: 'TOOL_FORBIDDEN', details: { rule: 'toolset' } }
    await expect(
      channel?.read({ channel: 'C1AA' }, 'slack://x', context()) ?? Promise.resolve(),
    ).rejects.toMatchObject(forbidden)
    await expect(emojis?.read(context()) ?? Promise.resolve()).rejects.toMatchObject(forbidden)
    await expect(prompt?.render({ channel: 'C1AA' }, context()) ?? Promise.resolve([])).rejects.toMatchObject(
      forbidden,
    )
    expect(slack.calls).toEqual([])
  })
})
