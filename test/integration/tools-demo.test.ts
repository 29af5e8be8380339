import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace, type WorkspaceServer } from '../../src/demo/workspace-server.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { createBenchOver } from '../support/tool-bench.ts'

/** The tools through the real client, over HTTP, against the embedded workspace. */
describe('in the demo workspace', () => {
  let workspace: DemoWorkspace
  let server: WorkspaceServer
  let slack: SlackClient
  let call: ReturnType<typeof createBenchOver>['call']

  beforeAll(async () => {
    const clock = createSystemClock()
    workspace = createDemoWorkspace({ clock, ids: createSystemIds() })
    server = serveDemoWorkspace(workspace)
    slack = initializeSlackClient(new Secret(workspace.botToken), undefined, {
      ...{ clock, ids: createSystemIds(), fetch: globalThis.fetch, apiUrl: server.apiUrl },
      ...{ log: new RecordingLogger(), metrics: new RecordingMetrics() },
      userToken: new Secret(workspace.userToken),
    })
    await slack.identify()
    call = createBenchOver({ slack, clock }).call
  })

  afterAll(async () => {
    await slack.stop()
    await server.stop()
  })

  test('finds the channel, reads it, answers in a thread and sees the answer', async () => {
    const { data: found } = await call('slack_list_channels', { query: 'release' })
    expect(found.channels[0]).toMatchObject({ name: 'release' })
    const { data: page, text } = await call('slack_read_channel_messages', { channel: '#release', limit: 20 })
    expect(page.messages.length).toBeGreaterThan(3)
    expect(text).not.toMatch(/\bU0DEMO/)
    for (const message of page.messages)
      expect([message.ts, message.text === '']).toEqual([message.ts, false])
    const head = page.messages.find((message: { reply_count?: number }) => message.reply_count !== undefined)
    const reply = { channel: '#release', thread_ts: head.ts, texts: ['On it & done <soon>'] }
    const { data: replied } = await call('slack_thread_reply', reply)
    expect(replied.responses).toMatchObject([{ ok: true }])
    const { data: thread } = await call('slack_read_thread_messages', {
      channel: '#release',
      thread_ts: head.ts,
    })
    expect(thread.messages.at(-1)).toMatchObject({ text: 'On it & done <soon>', is_bot: true })
  })

  test('reads every message of every channel to the end, and none is empty', async () => {
    const { data } = await call('slack_list_channels', { member_only: true, limit: 200 })
    let messageCount = 0
    for (const channel of data.channels) {
      for (let next: object | undefined = { channel: channel.id, limit: 10 }; next !== undefined; ) {
        const { data: page }: Awaited<ReturnType<typeof call>> = await call(
          'slack_read_channel_messages',
          next,
        )
        for (const message of page.messages) expect(message.text.trim()).not.toBe('')
        messageCount += page.messages.length
        next = page.next
      }
    }
    expect(messageCount).toBeGreaterThan(10)
  })

  test('posts markdown, edits it, reacts, reads the reaction, takes it back and deletes the message', async () => {
    const { data: posted } = await call('slack_post_message', {
      channel: '#release',
      markdown: '# Plan\n- **one**',
    })
    const { channel, ts } = posted
    const about = { channel, message_ts: ts }
    await call('slack_update_message', { ...about, text: 'changed' })
    const { data: read } = await call('slack_get_message', about)
    expect(read.messages).toMatchObject([{ text: 'changed', is_edited: true }])
    await call('slack_add_reactions', { ...about, emojis: ['tada', 'tada'] })
    const { data: again } = await call('slack_add_reactions', { ...about, emojis: ['tada'] })
    expect(again.responses).toEqual([{ ok: true, emoji: 'tada', already: true }])
    expect((await call('slack_get_reactions', about)).data.reactions).toMatchObject([
      { name: 'tada', count: 1 },
    ])
    await call('slack_remove_reactions', { ...about, emojis: ['tada'] })
    await call('slack_delete_message', about)
    await expect(call('slack_get_message', about)).rejects.toMatchObject({
      details: { slack_error: 'message_not_found' },
    })
  })

  test('a message that Slack refuses comes back with what to do', async () => {
    const edit = call('slack_update_message', {
      channel: '#release',
      message_ts: '1700000000.000100',
      text: 'x',
    })
    await expect(edit).rejects.toMatchObject({
      details: { slack_error: 'message_not_found', hint: expect.any(String) },
    })
    await expect(call('slack_read_channel_messages', { channel: '#releese' })).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
      details: { candidates: expect.arrayContaining(['#release']) },
    })
  })

  test('finds people by handle, name and address, and opens a direct message by name', async () => {
    for (const user of ['@ana', 'Ana Duarte', 'U0DEMO00ANA', 'ana@tidemark.example']) {
      expect((await call('slack_get_user', { user })).data).toMatchObject({
        id: 'U0DEMO00ANA',
        handle: 'ana',
      })
    }
    expect((await call('slack_search_users', { query: 'release manager' })).data.users).toMatchObject([
      { handle: 'ana' },
    ])
    const { data } = await call('slack_post_message', { channel: '@ana', text: 'hi' })
    expect(data.channel).toStartWith('D')
  })

  test('emoji, members, pins, bookmarks, files and groups answer', async () => {
    expect((await call('slack_read_emojis', {})).data.total).toBeGreaterThan(0)
    const { data: channel } = await call('slack_get_channel', { channel: '#release', include_members: true })
    expect(channel.members.map(({ name }: { name: string }) => name)).not.toContainEqual(
      expect.stringMatching(/^U0/),
    )
    for (const tool of ['slack_list_pins', 'slack_list_bookmarks', 'slack_list_files']) {
      expect((await call(tool, { channel: '#release' })).text).toContain('Slack content')
    }
    const { data: groups } = await call('slack_list_usergroups', {})
    const { data: crew } = await call('slack_get_usergroup_members', {
      usergroup: `@${groups.usergroups[0].handle}`,
    })
    expect([crew.total, crew.members.length]).toEqual([3, 3])
  })

  test('creates a channel and writes to it by its name', async () => {
    const { data: made } = await call('slack_create_channel', { name: 'launch-party' })
    const { data: posted } = await call('slack_post_message', { channel: '#launch-party', text: 'hi' })
    expect(posted.channel).toBe(made.channel)
    await expect(call('slack_create_channel', { name: 'launch-party' })).rejects.toMatchObject({
      details: { slack_error: 'name_taken' },
    })
  })

  test('searches with the user token', async () => {
    const { data } = await call('slack_search_messages', { query: 'release' })
    expect(data.hits.length).toBeGreaterThan(0)
    expect(data.hits[0].permalink).toStartWith('https://')
  })

  test('schedules a message, lists it and cancels it', async () => {
    const { data } = await call('slack_schedule_message', {
      channel: '#release',
      text: 'later',
      post_at: '2h',
    })
    const { channel, scheduled_message_id } = data
    const listed = async () =>
      (await call('slack_list_scheduled_messages', { channel: '#release' })).data.messages
    expect(await listed()).toMatchObject([{ scheduled_message_id, text: 'later' }])
    await call('slack_cancel_scheduled_message', { channel, scheduled_message_id })
    expect(await listed()).toEqual([])
  })
})
