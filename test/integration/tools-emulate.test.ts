import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { createSlackFiles } from '../../src/slack/file-transfer.ts'
import { type EmulatedSlack, startEmulatedSlack } from '../support/emulate-slack.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { createBenchOver } from '../support/tool-bench.ts'

const scopes = [
  ...['chat:write', 'channels:read', 'channels:history', 'channels:join', 'channels:manage', 'im:write'],
  ...['users:read', 'users:read.email', 'reactions:read', 'reactions:write', 'groups:read', 'groups:history'],
  ...[
    'files:read',
    'files:write',
    'pins:read',
    'pins:write',
    'bookmarks:read',
    'bookmarks:write',
    'im:history',
  ],
]

/** The tools through the real client against an independent Slack, for the methods that it has. */
describe('against an independent Slack', () => {
  let emulated: EmulatedSlack
  let slack: SlackClient
  let call: ReturnType<typeof createBenchOver>['call']

  beforeAll(async () => {
    const clock = createSystemClock()
    emulated = await startEmulatedSlack(scopes)
    const { fetch } = globalThis
    slack = initializeSlackClient(new Secret(emulated.botToken), undefined, {
      ...{ clock, ids: createSystemIds(), fetch, apiUrl: emulated.apiUrl },
      ...{ log: new RecordingLogger(), metrics: new RecordingMetrics() },
    })
    await slack.identify()
    const files = createSlackFiles({
      ...{ clock, fetch, apiUrl: emulated.apiUrl },
      token: () => new Secret(emulated.botToken),
    })
    call = createBenchOver({ slack, clock, files }).call
    await call('slack_join_channel', { channel: '#release' })
  })

  afterAll(async () => {
    await slack.stop()
    await emulated.close()
  })

  test('posts by name, reads it back, replies, reacts, edits and deletes', async () => {
    const { data: posted } = await call('slack_post_message', {
      channel: '#release',
      text: 'Ærlig & <ekte> 🎉',
    })
    const about = { channel: '#release', message_ts: posted.ts }
    const { data: page } = await call('slack_read_channel_messages', { channel: '#release', limit: 5 })
    expect(page.messages.at(-1)).toMatchObject({ ts: posted.ts, text: 'Ærlig & <ekte> 🎉' })
    const { data: replies } = await call('slack_thread_reply', {
      channel: '#release',
      thread_ts: posted.ts,
      texts: ['one', 'two'],
    })
    expect(replies.responses).toMatchObject([{ ok: true }, { ok: true }])
    const { data: thread } = await call('slack_read_thread_messages', {
      channel: '#release',
      thread_ts: posted.ts,
    })
    expect(thread.messages.map(({ text }: { text: string }) => text)).toEqual([
      'Ærlig & <ekte> 🎉',
      'one',
      'two',
    ])
    await call('slack_add_reactions', { ...about, emojis: ['tada'] })
    expect(
      (await call('slack_add_reactions', { ...about, emojis: ['tada'] })).data.responses[0].already,
    ).toBe(true)
    expect((await call('slack_get_reactions', about)).data.reactions).toMatchObject([
      { name: 'tada', count: 1 },
    ])
    await call('slack_remove_reactions', { ...about, emojis: ['tada'] })
    expect(
      (await call('slack_remove_reactions', { ...about, emojis: ['tada'] })).data.responses[0].already,
    ).toBe(true)
    await call('slack_update_message', { ...about, markdown: '**changed**' })
    expect((await call('slack_get_message', about)).data.messages.at(-1).text).toContain('changed')
    await call('slack_delete_message', about)
    await expect(call('slack_delete_message', about)).rejects.toMatchObject({
      details: { slack_error: 'message_not_found', hint: expect.any(String) },
    })
  })

  test('people and direct messages', async () => {
    const { data: ada } = await call('slack_get_user', { user: 'ada@acme.example' })
    expect(ada).toMatchObject({ handle: 'ada', real_name: expect.any(String) })
    expect((await call('slack_get_user', { user: '@ada' })).data.id).toBe(ada.id)
    expect((await call('slack_search_users', { query: 'lovelace' })).data.users).toMatchObject([
      { id: ada.id },
    ])
    const { data: posted } = await call('slack_post_message', { channel: '@ada', text: 'hi' })
    expect(posted.channel).toStartWith('D')
    const { data: opened } = await call('slack_open_conversation', { users: ['@ada'] })
    expect(opened.channel).toBe(posted.channel)
  })

  test('channels: create, topic, invite, read mark, details', async () => {
    const { data: created } = await call('slack_create_channel', { name: 'launch-2026' })
    await call('slack_set_channel_topic', { channel: '#launch-2026', topic: 'A & B' })
    await call('slack_invite_to_channel', { channel: '#launch-2026', users: ['@ada'] })
    const { data: invited } = await call('slack_invite_to_channel', {
      channel: '#launch-2026',
      users: ['@ada'],
    })
    expect(invited.responses).toMatchObject([{ ok: true, already: true }])
    const { data: channel } = await call('slack_get_channel', {
      channel: '#launch-2026',
      include_members: true,
    })
    expect(channel).toMatchObject({ id: created.channel, topic: 'A & B' })
    expect(channel.members).toHaveLength(2)
    const { data: posted } = await call('slack_post_message', { channel: created.channel, text: 'x' })
    await call('slack_mark_read', { channel: created.channel, message_ts: posted.ts })
    await expect(call('slack_create_channel', { name: 'launch-2026' })).rejects.toMatchObject({
      details: { slack_error: 'name_taken' },
    })
  })

  test('schedules, pins and bookmarks', async () => {
    const { data: scheduled } = await call('slack_schedule_message', {
      channel: '#release',
      text: 'later',
      post_at: '2h',
    })
    expect(scheduled.scheduled_message_id).toBeDefined()
    const { data: posted } = await call('slack_post_message', { channel: '#release', text: 'pin me' })
    const about = { channel: '#release', message_ts: posted.ts }
    await call('slack_add_pin', about)
    expect((await call('slack_add_pin', about)).data.already).toBe(true)
    expect((await call('slack_list_pins', { channel: '#release' })).data.messages).toMatchObject([
      { text: 'pin me' },
    ])
    await call('slack_remove_pin', about)
    expect((await call('slack_remove_pin', about)).data.already).toBe(true)
    const link = 'https://example.com/runbook'
    const { data: bookmark } = await call('slack_add_bookmark', {
      channel: '#release',
      title: 'Runbook',
      link,
    })
    const { data: listed } = await call('slack_list_bookmarks', { channel: '#release' })
    expect(listed.bookmarks).toMatchObject([{ id: bookmark.bookmark_id, title: 'Runbook', link }])
    await call('slack_remove_bookmark', { channel: '#release', bookmark_id: bookmark.bookmark_id })
    expect((await call('slack_list_bookmarks', { channel: '#release' })).data.bookmarks).toEqual([])
  })

  test('a file goes up, is listed and comes down as it was', async () => {
    const content = 'a,b\n1,"ü & <x>"\n'
    const { data: uploaded } = await call('slack_upload_file', {
      channel: '#release',
      filename: 'report.csv',
      content,
    })
    expect((await call('slack_list_files', {})).data.files).toMatchObject([{ id: uploaded.id }])
    const { data: read } = await call('slack_read_file', { file: uploaded.id })
    expect(read).toMatchObject({ id: uploaded.id, content: 'text', text: content })
  })

  test('a scope that is missing is named, with the line of the manifest', async () => {
    await expect(call('slack_create_channel', { name: 'hidden', is_private: true })).rejects.toMatchObject({
      code: 'SLACK_REFUSED',
      details: {
        slack_error: 'missing_scope',
        needed: 'groups:write',
        manifest: 'oauth_config.scopes.bot: [groups:write]',
      },
    })
  })
})
