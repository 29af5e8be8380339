import type { ScriptedSlack } from './scripted-slack.ts'

/** How each tool is called so that it succeeds, and what Slack answers then. Suites that run over all tools take their calls from here. */
export interface ToolCase {
  readonly args: Readonly<Record<string, unknown>>
  script(slack: ScriptedSlack): void
  /** Content with a word that no log may repeat, for tools that take content. */
  readonly canary?: Readonly<Record<string, unknown>>
}

export const caseTs = '1700000000.000100'
const channel = 'C1AA'
const person = {
  id: 'U1AA',
  name: 'ada',
  profile: { display_name: 'Ada', email: 'ada@example.com' },
  tz: 'Europe/London',
}
const general = {
  id: channel,
  name: 'general',
  is_member: true,
  num_members: 3,
  topic: { value: 'Welcome <@U1AA>' },
  purpose: { value: 'Everything' },
}
const message = { ts: caseTs, user: 'U1AA', text: 'hello' }

const people = (slack: ScriptedSlack) => slack.on('users.info', { user: person })
const posts = (slack: ScriptedSlack) => slack.on('chat.postMessage', { channel, ts: caseTs })

export const toolCases: Readonly<Record<string, ToolCase>> = {
  slack_post_message: { args: { channel, text: 'hi' }, canary: { text: 'canary' }, script: posts },
  slack_thread_reply: {
    args: { channel, thread_ts: caseTs, texts: ['one', 'two'] },
    canary: { texts: ['canary'] },
    script: posts,
  },
  slack_update_message: {
    args: { channel, message_ts: caseTs, text: 'new' },
    canary: { text: 'canary' },
    script: (slack) => slack.on('chat.update', { channel, ts: caseTs }),
  },
  slack_delete_message: {
    args: { channel, message_ts: caseTs },
    script: (slack) => slack.on('chat.delete', { channel, ts: caseTs }),
  },
  slack_read_channel_messages: {
    args: { channel },
    script: (slack) => people(slack).on('conversations.history', { messages: [message] }),
  },
  slack_read_thread_messages: {
    args: { channel, thread_ts: caseTs },
    script: (slack) => people(slack).on('conversations.replies', { messages: [message] }),
  },
  slack_get_message: {
    args: { channel, message_ts: caseTs },
    script: (slack) => people(slack).on('conversations.history', { messages: [message] }),
  },
  slack_add_reactions: {
    args: { channel, timestamp: caseTs, emojis: ['tada'] },
    script: (slack) => slack.on('reactions.add', {}),
  },
  slack_remove_reactions: {
    args: { channel, timestamp: caseTs, emojis: ['tada'] },
    script: (slack) => slack.on('reactions.remove', {}),
  },
  slack_list_channels: {
    args: {},
    script: (slack) => people(slack).on('conversations.list', { channels: [general] }),
  },
  slack_get_channel: {
    args: { channel, include_members: true },
    script: (slack) =>
      people(slack)
        .on('conversations.info', { channel: general })
        .on('conversations.members', { members: ['U1AA'] }),
  },
  slack_get_user: { args: { user: 'U1AA' }, script: people },
  slack_search_users: {
    args: { query: 'ad' },
    script: (slack) => slack.on('users.list', { members: [person] }),
  },
  slack_read_emojis: {
    args: {},
    script: (slack) => slack.on('emoji.list', { emoji: { party: 'https://emoji.example/party.png' } }),
  },
  slack_schedule_message: {
    args: { channel, post_at: '2h', text: 'later' },
    canary: { text: 'canary' },
    script: (slack) => slack.on('chat.scheduleMessage', { scheduled_message_id: 'Q1AA', channel }),
  },
  slack_list_scheduled_messages: {
    args: {},
    script: (slack) =>
      slack.on('chat.scheduledMessages.list', {
        scheduled_messages: [
          { id: 'Q1AA', channel_id: channel, post_at: 1_700_007_200, text: 'later &amp; more' },
        ],
      }),
  },
  slack_cancel_scheduled_message: {
    args: { channel, scheduled_message_id: 'Q1AA' },
    script: (slack) => slack.on('chat.deleteScheduledMessage', {}),
  },
  slack_join_channel: {
    args: { channel },
    script: (slack) => slack.on('conversations.join', { channel: general }),
  },
  slack_open_conversation: {
    args: { users: ['U1AA'] },
    script: (slack) => people(slack).on('conversations.open', { channel: { id: 'D1AA' } }),
  },
  slack_create_channel: {
    args: { name: 'fresh' },
    script: (slack) => slack.on('conversations.create', { channel: { id: 'C7GG', name: 'fresh' } }),
  },
  slack_invite_to_channel: {
    args: { channel, users: ['U1AA'] },
    script: (slack) => people(slack).on('conversations.invite', {}),
  },
  slack_set_channel_topic: {
    args: { channel, topic: 'New <topic>' },
    canary: { topic: 'canary' },
    script: (slack) => slack.on('conversations.setTopic', {}),
  },
  slack_mark_read: {
    args: { channel, message_ts: caseTs },
    script: (slack) => slack.on('conversations.mark', {}),
  },
  slack_get_reactions: {
    args: { channel, timestamp: caseTs },
    script: (slack) =>
      people(slack).on('reactions.get', {
        message: { ...message, reactions: [{ name: 'tada', count: 2, users: ['U1AA'] }] },
      }),
  },
  slack_list_usergroups: {
    args: {},
    script: (slack) =>
      slack.on('usergroups.list', {
        usergroups: [
          { id: 'S1AA', handle: 'ops', name: 'Operations', description: 'On call', user_count: '2' },
        ],
      }),
  },
  slack_get_usergroup_members: {
    args: { usergroup: 'S1AA' },
    script: (slack) => people(slack).on('usergroups.users.list', { users: ['U1AA'] }),
  },
  slack_list_files: {
    args: {},
    script: (slack) =>
      people(slack).on('files.list', {
        files: [
          {
            id: 'F1AA',
            name: 'a.txt',
            filetype: 'text',
            size: 7,
            user: 'U1AA',
            created: 1_700_000_000,
            channels: [channel],
          },
        ],
        paging: { page: 1, pages: 1 },
      }),
  },
  slack_read_file: {
    args: { file: 'F1AA' },
    script: (slack) =>
      slack.on('files.info', {
        file: {
          id: 'F1AA',
          name: 'a.txt',
          mimetype: 'text/plain',
          url_private: 'https://files.slack.com/a',
          channels: [channel],
        },
      }),
  },
  slack_upload_file: {
    args: { channel, filename: 'a.txt', content: 'content' },
    canary: { content: 'canary', comment: 'canary' },
    script: (slack) =>
      slack
        .on('files.getUploadURLExternal', {
          upload_url: 'https://files.slack.com/upload/v1/x',
          file_id: 'F1AA',
        })
        .on('files.completeUploadExternal', { files: [{ id: 'F1AA' }] }),
  },
  slack_search_messages: {
    args: { query: 'hello' },
    script: (slack) =>
      slack.on('assistant.search.context', {
        results: {
          messages: [
            {
              author_name: 'Ada',
              author_user_id: 'U1AA',
              channel_id: channel,
              channel_name: 'general',
              message_ts: caseTs,
              content: 'hello',
              permalink: 'https://acme.slack.com/archives/C1AA/p1700000000000100',
            },
          ],
        },
      }),
  },
  slack_list_bookmarks: {
    args: { channel },
    script: (slack) =>
      slack.on('bookmarks.list', {
        bookmarks: [{ id: 'Bk1AA', title: 'Runbook', link: 'https://example.com/runbook' }],
      }),
  },
  slack_add_bookmark: {
    args: { channel, title: 'Runbook', link: 'https://example.com/runbook' },
    canary: { title: 'canary', link: 'https://example.com/canary' },
    script: (slack) => slack.on('bookmarks.add', { bookmark: { id: 'Bk1AA' } }),
  },
  slack_remove_bookmark: {
    args: { channel, bookmark_id: 'Bk1AA' },
    script: (slack) => slack.on('bookmarks.remove', {}),
  },
  slack_list_pins: {
    args: { channel },
    script: (slack) =>
      people(slack).on('pins.list', {
        items: [
          { type: 'message', message },
          { type: 'file', file: { id: 'F1AA', name: 'a.txt' } },
        ],
      }),
  },
  slack_add_pin: { args: { channel, message_ts: caseTs }, script: (slack) => slack.on('pins.add', {}) },
  slack_remove_pin: { args: { channel, message_ts: caseTs }, script: (slack) => slack.on('pins.remove', {}) },
}
