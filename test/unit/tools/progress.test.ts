import { describe, expect, test } from 'bun:test'
import type { Progress } from '../../../src/base/progress.ts'
import type { ScriptedAnswer } from '../../support/scripted-slack.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

function createBench() {
  const bench = createToolBench({ settings: { lookupPagesMax: 4 } })
  const heard: Progress[] = []
  const progress = (made: Progress) => {
    heard.push(made)
  }
  bench.slack
    .on('conversations.history', { messages: [] })
    .on('users.info', ({ user }) => ({ user: { id: user, name: String(user).toLowerCase() } }))
  return {
    ...bench,
    heard,
    call: (name: string, args: unknown) => bench.call(name, args, { progress }),
    context: () => bench.context({ progress }),
  }
}

/** A listing of three pages with two members each; the last one is called `wanted`. */
function listing(field: string, prefix: string): ScriptedAnswer {
  return ({ cursor }) => {
    const page = Number(cursor ?? 0)
    const names = [`a${page}`, page === 2 ? 'wanted' : `b${page}`]
    return {
      [field]: names.map((name, index) => ({ id: `${prefix}${page}${index}AA`, name })),
      response_metadata: { next_cursor: page === 2 ? '' : String(page + 1) },
    }
  }
}

describe('a call that takes long says how far it is', () => {
  verifies('tools:progress', 'while it looks for a channel by name', async () => {
    const { call, slack, heard } = createBench()
    slack.on('conversations.list', listing('channels', 'C'))
    await call('slack_read_channel_messages', { channel: '#wanted' })
    expect(heard).toEqual([
      { progress: 1, message: 'Looked through 2 channels for #wanted' },
      { progress: 2, message: 'Looked through 4 channels for #wanted' },
    ])
    await call('slack_read_channel_messages', { channel: '#wanted' })
    expect(heard).toHaveLength(2)
  })

  verifies('tools:progress', 'while it looks for channels by words', async () => {
    const { call, slack, heard } = createBench()
    slack.on('conversations.list', listing('channels', 'C'))
    await call('slack_list_channels', { query: 'wanted' })
    expect(heard).toEqual([
      { progress: 1, message: 'Looked through 2 channels' },
      { progress: 2, message: 'Looked through 4 channels' },
    ])
  })

  for (const [tool, args] of [
    ['slack_search_users', { query: 'wanted' }],
    ['slack_get_user', { user: '@wanted' }],
  ] as const)
    verifies('tools:progress', `while ${tool} looks for a person`, async () => {
      const { call, slack, heard } = createBench()
      slack.on('users.list', listing('members', 'U'))
      await call(tool, args)
      expect(heard).toEqual([
        { progress: 1, message: 'Looked through 2 people' },
        { progress: 2, message: 'Looked through 4 people' },
      ])
    })

  const messagesOf = (count: number) => ({
    messages: Array.from({ length: count }, (_, index) => ({
      ts: `170000000${index}.000100`,
      user: `U${index}AA`,
      text: 'x',
    })),
  })

  verifies('tools:progress', 'while it looks up more people than fit into one round', async () => {
    const { call, slack, heard } = createBench()
    slack.on('conversations.history', messagesOf(6))
    await call('slack_read_channel_messages', { channel: 'C1AA' })
    expect(heard).toEqual(
      Array.from({ length: 6 }, (_, index) => ({
        progress: index + 1,
        total: 6,
        message: `Looked up ${index + 1} of 6 people`,
      })),
    )
  })

  test('and is silent where one round or one page is enough', async () => {
    const { call, slack, heard } = createBench()
    slack.on('conversations.history', messagesOf(5)).on('conversations.list', listing('channels', 'C'))
    await call('slack_read_channel_messages', { channel: 'C1AA' })
    await call('slack_list_channels', {})
    expect(heard).toEqual([])
  })

  verifies('tools:progress', 'while it fetches a file, and sends one', async () => {
    const { call, slack, heard } = createBench()
    slack
      .on('files.info', {
        file: { id: 'F1AA', name: 'a.txt', mimetype: 'text/plain', url_private: 'https://files.slack.com/a' },
      })
      .on('files.getUploadURLExternal', { upload_url: 'https://files.slack.com/u', file_id: 'F2BB' })
      .on('files.completeUploadExternal', {})
    await call('slack_read_file', { file: 'F1AA' })
    expect(heard.splice(0)).toEqual([{ progress: 1, total: 2, message: 'Fetching a.txt' }])
    await call('slack_upload_file', { channel: 'C1AA', filename: 'b.csv', content: 'a,b' })
    expect(heard).toEqual([
      { progress: 1, total: 3, message: 'Sending b.csv' },
      { progress: 2, total: 3, message: 'Sharing b.csv' },
    ])
  })

  verifies('tools:progress', 'while a prompt reads several channels', async () => {
    const { slackOffer, context, heard, slack } = createBench()
    slack.on('conversations.history', messagesOf(6))
    const digest = slackOffer.offer.prompts.find(({ name }) => name === 'weekly_digest')
    await digest?.render({ channels: 'C1AA, C2BB' }, context())
    expect(heard).toEqual([
      { progress: 0, total: 2, message: 'Reading C1AA' },
      { progress: 1, total: 2, message: 'Reading C2BB' },
    ])
  })
})
