import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { webApiMethods } from '../../src/demo/web-api.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace, type WorkspaceServer } from '../../src/demo/workspace-server.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { createSlackFiles } from '../../src/slack/file-transfer.ts'
import { toolTable } from '../../src/tools/tool-table.ts'
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
    const files = createSlackFiles({
      ...{ clock, fetch: globalThis.fetch, apiUrl: server.apiUrl },
      token: () => new Secret(workspace.botToken),
    })
    call = createBenchOver({ slack, clock, files }).call
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

  test('invites to a channel, sets its topic, and keeps its bookmarks', async () => {
    const channel = '#topical'
    await call('slack_create_channel', { name: 'topical' })
    const { data: invited } = await call('slack_invite_to_channel', { channel, users: ['@ana', '@raj'] })
    expect(invited.responses).toMatchObject([{ ok: true }, { ok: true }])
    const { data: again } = await call('slack_invite_to_channel', { channel, users: ['@ana'] })
    expect(again.responses).toMatchObject([{ ok: true, already: true }])
    await call('slack_set_channel_topic', { channel, topic: 'Ship & <tell>' })
    const { data: seen } = await call('slack_get_channel', { channel, include_members: true })
    expect([seen.topic, seen.members.length]).toEqual(['Ship & <tell>', 3])
    const { data: added } = await call('slack_add_bookmark', {
      ...{ channel, title: 'Runbook', link: 'https://example.com/runbook' },
    })
    const listed = async () => (await call('slack_list_bookmarks', { channel })).data.bookmarks
    expect(await listed()).toMatchObject([{ title: 'Runbook' }])
    await call('slack_remove_bookmark', { channel, bookmark_id: added.bookmark_id })
    expect(await listed()).toEqual([])
  })

  test('shares a file and reads it back, text or not', async () => {
    const place = { channel: '#release', comment: 'See here' }
    const { data: note } = await call('slack_upload_file', {
      ...place,
      filename: 'a.csv',
      content: 'a,b\n1,2',
    })
    expect((await call('slack_read_file', { file: note.id })).data).toMatchObject({ text: 'a,b\n1,2' })
    expect(workspace.messages('release').at(-1)).toMatchObject({
      ...{ subtype: 'file_share', text: 'See here', files: [{ id: note.id, name: 'a.csv' }] },
    })
    const { data: blob } = await call('slack_upload_file', {
      ...{ ...place, filename: 'b.bin', content_base64: Buffer.from([0, 255, 254]).toString('base64') },
    })
    expect((await call('slack_read_file', { file: blob.id })).data).toMatchObject({
      content: 'none',
      size: 3,
    })
    const { files } = workspace.messages('release').at(-1) as { readonly files: readonly object[] }
    const [{ id }] = files as [{ readonly id: string }]
    const bytes = async (token: string) => {
      const url = new URL(`/files-pri/T-${id}/b.bin`, server.apiUrl)
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      return [response.status, [...(await response.bytes())]]
    }
    expect([await bytes(workspace.botToken), await bytes('unknown')]).toEqual([
      [200, [0, 255, 254]],
      [404, []],
    ])
  })

  test('every tool does its work, and none calls a method that is not there', async () => {
    const { data: posted } = await call('slack_post_message', { channel: '#release', text: 'All of them' })
    const channel = posted.channel
    const about = { channel, message_ts: posted.ts }
    /** What some tools need of those that ran before. */
    const made: Record<string, Awaited<ReturnType<typeof call>>['data']> = {}
    const calls: Readonly<Record<string, () => object>> = {
      slack_post_message: () => ({ channel, text: 'One more' }),
      slack_thread_reply: () => ({ channel, thread_ts: posted.ts, texts: ['yes'] }),
      slack_update_message: () => ({ ...about, text: 'All of them.' }),
      slack_read_channel_messages: () => ({ channel }),
      slack_read_thread_messages: () => ({ channel, thread_ts: posted.ts }),
      slack_get_message: () => about,
      slack_add_reactions: () => ({ ...about, emojis: ['eyes'] }),
      slack_get_reactions: () => about,
      slack_remove_reactions: () => ({ ...about, emojis: ['eyes'] }),
      slack_list_channels: () => ({}),
      slack_get_channel: () => ({ channel, include_members: true }),
      slack_get_user: () => ({ user: '@ana' }),
      slack_search_users: () => ({ query: 'ana' }),
      slack_read_emojis: () => ({}),
      slack_schedule_message: () => ({ channel, text: 'later', post_at: '2h' }),
      slack_list_scheduled_messages: () => ({}),
      slack_cancel_scheduled_message: () => ({
        ...{ channel, scheduled_message_id: made['slack_schedule_message'].scheduled_message_id },
      }),
      slack_join_channel: () => ({ channel }),
      slack_open_conversation: () => ({ users: ['@raj'] }),
      slack_create_channel: () => ({ name: 'every-tool' }),
      slack_invite_to_channel: () => ({ channel: '#every-tool', users: ['@ana'] }),
      slack_set_channel_topic: () => ({ channel, topic: 'Every tool' }),
      slack_mark_read: () => about,
      slack_list_usergroups: () => ({}),
      slack_get_usergroup_members: () => ({ usergroup: 'S0DEMO00REL' }),
      slack_list_files: () => ({ channel }),
      slack_upload_file: () => ({ channel, filename: 'all.txt', content: 'all' }),
      slack_read_file: () => ({ file: made['slack_upload_file'].id }),
      slack_search_messages: () => ({ query: 'release' }),
      slack_list_bookmarks: () => ({ channel }),
      slack_add_bookmark: () => ({ channel, title: 'All', link: 'https://example.com/all' }),
      slack_remove_bookmark: () => ({ channel, bookmark_id: made['slack_add_bookmark'].bookmark_id }),
      slack_add_pin: () => about,
      slack_list_pins: () => ({ channel }),
      slack_remove_pin: () => about,
      slack_delete_message: () => about,
    }
    for (const [name, args] of Object.entries(calls)) {
      const { data } = await call(name, args())
      for (const { ok } of data.responses ?? []) expect([name, ok]).toEqual([name, true])
      made[name] = data
    }
    expect(Object.keys(calls).sort()).toEqual(toolTable.map(({ name }) => name).sort())
    expect(workspace.callCount('_other')).toBe(0)
    const missing = toolTable.flatMap(({ cost }) =>
      cost.methods.filter((method) => !(method in webApiMethods)),
    )
    expect(missing).toEqual([])
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
