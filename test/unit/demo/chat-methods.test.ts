import { expect, test } from 'bun:test'
import { demoBench } from '../../support/demo-call.ts'

const release = 'C0DEMO00REL'

test('posts as the bot, with everything that Slack adds', async () => {
  const { call, workspace } = demoBench()
  const answer = await call('chat.postMessage', { channel: release, text: 'hello' })
  const message = answer['message'] as Readonly<Record<string, unknown>>
  expect(answer).toMatchObject({
    ok: true,
    channel: release,
    ts: '1700000000.000000',
    message: {
      type: 'message',
      user: 'U0DEMO0MCP1',
      bot_id: 'B0DEMO0MCP1',
      app_id: 'A0DEMO0MCP1',
      bot_profile: { id: 'B0DEMO0MCP1', name: 'slack-mcp', team_id: 'T0DEMO0TIDE' },
      team: 'T0DEMO0TIDE',
      text: 'hello',
      ts: '1700000000.000000',
      blocks: [{ type: 'rich_text' }],
    },
  })
  expect(workspace.messages('release').at(-1)).toEqual(message)
})

test('gives every message of one moment a ts of its own, in order', async () => {
  const { call } = demoBench()
  const ts: unknown[] = []
  for (const text of ['a', 'b', 'c']) {
    ts.push((await call('chat.postMessage', { channel: release, text }))['ts'])
  }
  expect(ts).toEqual(['1700000000.000000', '1700000000.000001', '1700000000.000002'])
})

test('takes a channel by id, name and #name, and a person by id', async () => {
  const { call } = demoBench()
  const post = async (channel: string) => (await call('chat.postMessage', { channel, text: 'x' }))['channel']
  expect([await post(release), await post('release'), await post('#release')]).toEqual([
    release,
    release,
    release,
  ])
  expect(await post('U0DEMO00ANA')).toBe('D0DEMO00ANA')
  expect(await post('U0DEMO00RAJ')).toMatch(/^D0/)
})

test('stores text as Slack does: bare characters escaped, control sequences kept, links marked', async () => {
  const { call } = demoBench()
  const stored = async (text: string) => {
    const answer = await call('chat.postMessage', { channel: release, text })
    return (answer['message'] as { text: string }).text
  }
  expect(await stored('1 < 2 & 3 > 2')).toBe('1 &lt; 2 &amp; 3 &gt; 2')
  expect(await stored('1 &lt; 2 &amp; done')).toBe('1 &lt; 2 &amp; done')
  expect(await stored('<@U0DEMO00ANA> see <#C0DEMO00REL> and <!here>')).toBe(
    '<@U0DEMO00ANA> see <#C0DEMO00REL> and <!here>',
  )
  expect(await stored('read https://x.example/a?b=c.')).toBe('read <https://x.example/a?b=c>.')
  expect(await stored('<https://x.example|label>')).toBe('<https://x.example|label>')
  expect(await stored('<script>')).toBe('&lt;script&gt;')
})

test('makes a rich_text block of the text', async () => {
  const { call } = demoBench()
  const answer = await call('chat.postMessage', {
    channel: release,
    text: 'hi <@U0DEMO00ANA> :wave: <https://x.example|x> at 10:30:15 & more <!here> <#C0DEMO00GEN>',
  })
  const [block] = (answer['message'] as { blocks: { elements: { elements: unknown[] }[] }[] }).blocks
  expect(block?.elements[0]?.elements).toEqual([
    { type: 'text', text: 'hi ' },
    { type: 'user', user_id: 'U0DEMO00ANA' },
    { type: 'text', text: ' ' },
    { type: 'emoji', name: 'wave' },
    { type: 'text', text: ' ' },
    { type: 'link', url: 'https://x.example', text: 'x' },
    { type: 'text', text: ' at 10:30:15 & more ' },
    { type: 'broadcast', range: 'here' },
    { type: 'text', text: ' ' },
    { type: 'channel', channel_id: 'C0DEMO00GEN' },
  ])
})

test('replies in a thread, to a reply in the thread of that reply, and nowhere else', async () => {
  const { call, workspace } = demoBench()
  const head = workspace.post({ channel: 'release', by: 'ana', text: 'head' })
  const reply = await call('chat.postMessage', { channel: release, text: 'one', thread_ts: head })
  expect(reply['message']).toMatchObject({ thread_ts: head, parent_user_id: 'U0DEMO00ANA' })
  const second = await call('chat.postMessage', {
    channel: release,
    text: 'two',
    thread_ts: String(reply['ts']),
  })
  expect(second['message']).toMatchObject({ thread_ts: head })
  expect(
    await call('chat.postMessage', { channel: release, text: 'x', thread_ts: '1234567890.123456' }),
  ).toEqual({ ok: false, error: 'thread_not_found' })
})

test('refuses what Slack refuses, and stores nothing then', async () => {
  const { call, workspace, events } = demoBench()
  const before = workspace.messages('release').length
  const post = async (params: Readonly<Record<string, string>>) =>
    (await call('chat.postMessage', { channel: release, ...params })).error
  const blocks = (count: number) => JSON.stringify(Array.from({ length: count }, () => ({ type: 'divider' })))
  expect(await post({})).toBe('no_text')
  expect(await post({ text: '' })).toBe('no_text')
  expect(await post({ text: 'x', channel: 'C0NOSUCH000' })).toBe('channel_not_found')
  expect(await post({ text: 'x', channel: 'C0DEMO0BRD1' })).toBe('channel_not_found')
  expect(await post({ text: 'x', channel: 'C0DEMO00DES' })).toBe('not_in_channel')
  expect(await post({ text: 'x', channel: 'C0DEMO00OLD' })).toBe('is_archived')
  expect(await post({ text: 'x', blocks: '{' })).toBe('invalid_blocks_format')
  expect(await post({ text: 'x', blocks: '{}' })).toBe('invalid_blocks_format')
  expect(await post({ text: 'x', blocks: '[{}]' })).toBe('invalid_blocks')
  expect(await post({ text: 'x', blocks: blocks(51) })).toBe('invalid_blocks')
  expect(await post({ text: 'x', attachments: JSON.stringify(Array(101).fill({ text: 'a' })) })).toBe(
    'too_many_attachments',
  )
  expect(await post({ text: 'x', markdown_text: 'y' })).toBe('markdown_text_conflict')
  expect(await post({ markdown_text: 'y'.repeat(12_001) })).toBe('msg_too_long')
  expect(workspace.messages('release')).toHaveLength(before)
  expect(events).toHaveLength(0)
  expect(await post({ blocks: blocks(50) })).toBeUndefined()
  expect(await post({ attachments: JSON.stringify(Array(100).fill({ text: 'a' })) })).toBeUndefined()
  expect(await post({ markdown_text: 'y'.repeat(12_000) })).toBeUndefined()
})

test('posts where it is no member with chat:write.public', async () => {
  const { call } = demoBench({ botScopes: ['chat:write', 'chat:write.public'] })
  expect(await call('chat.postMessage', { channel: 'C0DEMO00DES', text: 'x' })).toMatchObject({ ok: true })
})

test('cuts text above 40,000 characters off and says so', async () => {
  const { call } = demoBench()
  const post = (length: number) => call('chat.postMessage', { channel: release, text: 'x'.repeat(length) })
  expect(await post(40_000)).not.toHaveProperty('warning')
  const cut = await post(40_001)
  expect(cut).toMatchObject({ warning: 'message_truncated', message: { text: 'x'.repeat(40_000) } })
})

test('changes its own message, marks it as edited, and nobody else’s', async () => {
  const { call, workspace, events } = demoBench()
  const { ts } = await call('chat.postMessage', { channel: release, text: 'before' })
  const answer = await call('chat.update', { channel: release, ts: String(ts), text: 'after' })
  expect(answer).toMatchObject({
    ok: true,
    channel: release,
    ts,
    text: 'after',
    message: { text: 'after', edited: { user: 'U0DEMO0MCP1', ts: '1700000000.000001' } },
  })
  expect(events.at(-1)?.event).toMatchObject({
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    channel: release,
    channel_type: 'channel',
    message: { ts, text: 'after' },
    previous_message: { ts, text: 'before' },
  })
  const anas = workspace.post({ channel: 'release', by: 'ana', text: 'mine' })
  const update = async (params: Readonly<Record<string, string>>) =>
    (await call('chat.update', { channel: release, text: 'x', ...params })).error
  expect(await update({ ts: anas })).toBe('cant_update_message')
  expect(await update({ ts: '1234567890.123456' })).toBe('message_not_found')
  expect(await update({ ts: String(ts), text: 'x'.repeat(4_001) })).toBe('msg_too_long')
  expect(await update({ ts: String(ts), text: 'x'.repeat(4_000) })).toBeUndefined()
  expect(await update({ ts: String(ts), text: '' })).toBe('no_text')
})

test('deletes its own message; a head with replies leaves a tombstone', async () => {
  const { call, workspace, events } = demoBench()
  const remove = (ts: string) => call('chat.delete', { channel: release, ts })
  const lone = String((await call('chat.postMessage', { channel: release, text: 'lone' }))['ts'])
  expect(await remove(lone)).toEqual({ ok: true, channel: release, ts: lone })
  expect(workspace.messages('release').some((message) => message['ts'] === lone)).toBe(false)
  expect(events.at(-1)?.event).toMatchObject({ subtype: 'message_deleted', deleted_ts: lone })
  expect(await remove(lone)).toMatchObject({ error: 'message_not_found' })

  const head = String((await call('chat.postMessage', { channel: release, text: 'head' }))['ts'])
  workspace.post({ channel: 'release', by: 'raj', text: 'reply', threadTs: head })
  expect(await remove(head)).toMatchObject({ ok: true })
  expect(workspace.messages('release').find((message) => message['ts'] === head)).toMatchObject({
    subtype: 'tombstone',
    user: 'USLACKBOT',
    text: 'This message was deleted.',
    reply_count: 1,
  })
  expect(await remove(head)).toMatchObject({ error: 'message_not_found' })
  const anas = workspace.post({ channel: 'release', by: 'ana', text: 'mine' })
  expect(await remove(anas)).toMatchObject({ error: 'cant_delete_message' })
})

test('sends a scheduled message when its time has come, unless the workspace stopped', async () => {
  const { call, workspace, clock } = demoBench()
  const schedule = (postAt: number | string) =>
    call('chat.scheduleMessage', { channel: release, text: 'later', post_at: String(postAt) })
  const nowSeconds = clock.now() / 1000
  expect(await schedule(nowSeconds)).toMatchObject({ error: 'time_in_past' })
  expect(await schedule(nowSeconds + 120 * 86_400 + 1)).toMatchObject({ error: 'time_too_far' })
  expect(await schedule('tomorrow')).toMatchObject({ error: 'invalid_time' })
  expect(await schedule(nowSeconds + 60)).toMatchObject({
    ok: true,
    channel: release,
    post_at: nowSeconds + 60,
    message: { text: 'later', type: 'delayed_message', bot_id: 'B0DEMO0MCP1' },
  })
  const count = () => workspace.messages('release').filter(({ text }) => text === 'later').length
  await clock.advance(59_999)
  expect(count()).toBe(0)
  await clock.advance(1)
  expect(count()).toBe(1)
  await schedule(clock.now() / 1000 + 120 * 86_400)
  expect(clock.timerCount).toBe(1)
  workspace.stop()
  expect(clock.timerCount).toBe(0)
})

test('lists what is still to be sent, by page and by channel, and nothing of others', async () => {
  const { call, callAsUser, clock } = demoBench()
  const nowSeconds = clock.now() / 1000
  const schedule = async (channel: string, text: string, aheadSeconds: number) => {
    const params = { channel, text, post_at: String(nowSeconds + aheadSeconds) }
    return String((await call('chat.scheduleMessage', params))['scheduled_message_id'])
  }
  const list = async (params: Readonly<Record<string, string>> = {}) =>
    await call<{
      readonly scheduled_messages: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[]
      readonly response_metadata: { readonly next_cursor: string }
    }>('chat.scheduledMessages.list', params)
  const one = await schedule(release, 'one', 60)
  const two = await schedule('C0DEMO00GEN', 'two', 120)
  const answer = await list()
  expect(answer).toEqual({
    ok: true,
    scheduled_messages: [
      { id: one, channel_id: release, post_at: nowSeconds + 60, date_created: nowSeconds, text: 'one' },
      {
        id: two,
        channel_id: 'C0DEMO00GEN',
        post_at: nowSeconds + 120,
        date_created: nowSeconds,
        text: 'two',
      },
    ],
    response_metadata: { next_cursor: '' },
  })
  const first = await list({ limit: '1' })
  const cursor = first.response_metadata.next_cursor
  const second = await list({ limit: '1', cursor })
  expect([first, second].map(({ scheduled_messages: [message] }) => message?.id)).toEqual([one, two])
  expect((await list({ channel: release })).scheduled_messages.map(({ id }) => id)).toEqual([one])
  expect(await list({ channel: 'C0NOSUCH' })).toMatchObject({ error: 'invalid_channel' })
  expect(await callAsUser('chat.scheduledMessages.list')).toMatchObject({ scheduled_messages: [] })
  await clock.advance(60_000)
  expect((await list()).scheduled_messages.map(({ id }) => id)).toEqual([two])
})

test('takes a scheduled message back until a minute before it is sent, in its channel and for its author', async () => {
  const { call, callAsUser, workspace, clock } = demoBench()
  const schedule = async (aheadSeconds: number) => {
    const params = { channel: release, text: 'later', post_at: String(clock.now() / 1000 + aheadSeconds) }
    return String((await call('chat.scheduleMessage', params))['scheduled_message_id'])
  }
  const cancel = (id: string, channel = release) => ({ channel, scheduled_message_id: id })
  const method = 'chat.deleteScheduledMessage'
  const [kept, late, early] = [await schedule(60), await schedule(61), await schedule(120)]
  const invalid = { ok: false, error: 'invalid_scheduled_message_id' }
  expect(await call(method, cancel(kept))).toEqual(invalid)
  expect(await call(method, cancel(early, 'C0DEMO00GEN'))).toEqual(invalid)
  expect(await callAsUser(method, cancel(early))).toEqual(invalid)
  expect(await call(method, cancel(early, 'C0NOSUCH'))).toMatchObject({ error: 'channel_not_found' })
  expect(await call(method, cancel(late))).toEqual({ ok: true })
  expect(await call(method, cancel(early))).toEqual({ ok: true })
  expect(await call(method, cancel(early))).toEqual(invalid)
  expect(clock.timerCount).toBe(1)
  await clock.advance(120_000)
  expect(workspace.messages('release').filter(({ text }) => text === 'later')).toHaveLength(1)
})

test('schedules at most 30 messages for one channel within five minutes', async () => {
  const { call, clock } = demoBench()
  const schedule = (channel: string, aheadSeconds: number) =>
    call('chat.scheduleMessage', {
      channel,
      text: 'later',
      post_at: String(clock.now() / 1000 + aheadSeconds),
    })
  for (let index = 0; index < 30; index++) expect((await schedule(release, 600 + index)).ok).toBe(true)
  expect(await schedule(release, 610)).toMatchObject({ error: 'restricted_too_many' })
  expect((await schedule('C0DEMO00GEN', 610)).ok).toBe(true)
  expect((await schedule(release, 629 + 300)).ok).toBe(true)
})

test('shows an ephemeral message to nobody else and stores nothing', async () => {
  const { call, workspace, events } = demoBench()
  const before = workspace.messages('release').length
  expect(await call('chat.postEphemeral', { channel: release, user: 'U0DEMO00ANA', text: 'psst' })).toEqual({
    ok: true,
    message_ts: '1700000000.000000',
  })
  expect(
    await call('chat.postEphemeral', { channel: release, user: 'U0DEMO0IBBY', text: 'psst' }),
  ).toMatchObject({ error: 'user_not_in_channel' })
  expect([workspace.messages('release').length, events.length]).toEqual([before, 0])
})

test('links to a message, and to a reply with its thread', async () => {
  const { call, workspace } = demoBench()
  const head = workspace.post({ channel: 'release', by: 'ana', text: 'head' })
  const reply = workspace.post({ channel: 'release', by: 'raj', text: 'reply', threadTs: head })
  const link = (ts: string) => call('chat.getPermalink', { channel: release, message_ts: ts })
  const base = 'https://tidemark-integrated-server-demo.slack.com/archives/C0DEMO00REL/p'
  expect(await link(head)).toEqual({
    ok: true,
    channel: release,
    permalink: `${base}1700000000000000`,
  })
  expect((await link(reply))['permalink']).toBe(
    `${base}1700000000000001?thread_ts=1700000000.000000&cid=C0DEMO00REL`,
  )
  expect(await link('1234567890.123456')).toMatchObject({ error: 'message_not_found' })
})
