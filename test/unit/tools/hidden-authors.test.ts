import { describe, expect, test } from 'bun:test'
import { originOf } from '../../../src/tools/hidden-authors.ts'
import type { HideableAuthors } from '../../../src/tools/tool-settings.ts'
import { scriptedIdentity } from '../../support/scripted-slack.ts'
import { createToolBench, type ToolBench } from '../../support/tool-bench.ts'
import { verifies } from '../../support/verifies.ts'

const stamp = (index: number) => `170000000${index}.000100`

/** One of each kind, by the word in its text. */
const messages = [
  { ts: stamp(5), user: 'U9ZZ', text: 'stranger-by-profile' },
  { ts: stamp(4), user: 'U8YY', user_team: 'T999', text: 'stranger' },
  { ts: stamp(3), bot_id: 'B9ZZ', subtype: 'bot_message', username: 'ci', text: 'other-bot' },
  { ts: stamp(2), user: 'U0BOT', bot_id: 'B0BOT', team: 'T100', text: 'own-bot' },
  { ts: stamp(1), user: 'U1AA', team: 'T100', text: 'member' },
]

/** What may not be seen under each setting. */
const hiddenBy = {
  bots: ['other-bot'],
  external: ['stranger', 'stranger-by-profile'],
} as const satisfies Record<HideableAuthors, readonly string[]>
const words = ['stranger-by-profile', 'stranger', 'other-bot', 'own-bot', 'member'] as const

const file = (id: string, fields: object) => ({
  ...{ id, title: `file-of-${id}`, channels: ['C1AA'], mimetype: 'text/plain' },
  ...{ url_private: 'https://files.slack.com/a', ...fields },
})
const files = [
  file('F1MEMBER', { user: 'U1AA', user_team: 'T100' }),
  file('F2STRANGER', { user: 'U8YY', user_team: 'T999' }),
  file('F3BOT', { bot_id: 'B9ZZ' }),
]

function hidingBench(hiddenAuthors: readonly HideableAuthors[]): ToolBench {
  const bench = createToolBench({ settings: { hiddenAuthors } })
  const teamOf = (id: unknown) => (id === 'U8YY' || id === 'U9ZZ' ? 'T999' : 'T100')
  bench.slack
    .on('users.info', ({ user }) => ({ user: { id: user, name: `n-${user}`, team_id: teamOf(user) } }))
    .on('conversations.info', { channel: { id: 'C1AA', name: 'general', is_channel: true } })
    .on('conversations.history', { messages })
    .on('conversations.replies', { messages: messages.toReversed() })
    .on('pins.list', {
      items: [...messages.map((message) => ({ message })), ...files.map((pinned) => ({ file: pinned }))],
    })
    .on('files.list', { files, paging: { page: 1, pages: 1 } })
    .on('assistant.search.context', {
      results: {
        messages: messages.map(({ ts, text, user, bot_id: botId }) => ({
          ...{ message_ts: ts, content: text, channel_id: 'C1AA', author_name: 'somebody' },
          ...{ author_user_id: user, is_author_bot: botId !== undefined },
        })),
      },
    })
  return bench
}

const settingCases: readonly (readonly HideableAuthors[])[] = [
  [],
  ['bots'],
  ['external'],
  ['bots', 'external'],
]

const readers = [
  ['slack_read_channel_messages', { channel: 'C1AA' }],
  ['slack_read_thread_messages', { channel: 'C1AA', thread_ts: stamp(1) }],
  ['slack_list_pins', { channel: 'C1AA' }],
  ['slack_search_messages', { query: 'x' }],
] as const

/** The words of messages that stand in `page`. */
const wordsIn = (page: string) => words.filter((word) => new RegExp(`\\b${word}(?!-)`).test(page))

async function expectHidden(hidden: readonly HideableAuthors[], tool: string, args: object): Promise<void> {
  const { call } = hidingBench(hidden)
  const { text, data } = await call(tool, args)
  const gone: readonly string[] = hidden.flatMap((kind) => hiddenBy[kind])
  const shown = words.filter((word) => !gone.includes(word))
  expect([wordsIn(text), wordsIn(JSON.stringify(data))]).toEqual([shown, shown])
  // One file of each kind is pinned too.
  const count = gone.length + (tool === 'slack_list_pins' ? hidden.length : 0)
  expect(data.hidden).toBe(count === 0 ? undefined : count)
  const note = ` ${count} hidden by the operator (MCP_HIDE_AUTHORS). `
  expect([text.includes(note), text.includes('hidden')]).toEqual([count > 0, count > 0])
}

describe('authors that the operator keeps from models', () => {
  for (const hidden of settingCases) {
    for (const [tool, args] of readers) {
      verifies(
        'tools:hidden-authors',
        `are left out and counted by ${tool} where these are hidden: ${hidden.join(', ') || 'none'}`,
        () => expectHidden(hidden, tool, args),
      )
    }
  }

  test('leave nothing of one message that is asked for by its ts', async () => {
    const { call } = hidingBench(['external'])
    const { text, data } = await call('slack_get_message', { channel: 'C1AA', message_ts: stamp(4) })
    expect(data).toMatchObject({ messages: [], hidden: 1, has_more: false })
    expect(text).not.toContain('stranger')
  })

  test('have their files left out of lists, and their contents refused', async () => {
    const { call } = hidingBench(['bots', 'external'])
    const { text, data } = await call('slack_list_files', {})
    expect(data.files.map(({ id }: { id: string }) => id)).toEqual(['F1MEMBER'])
    expect(data.hidden).toBe(2)
    expect(text).toStartWith('1 file. 2 hidden by the operator (MCP_HIDE_AUTHORS). ')
    for (const hidden of files.slice(1)) {
      const bench = hidingBench(['bots', 'external'])
      bench.slack.on('files.info', { file: hidden })
      await expect(bench.call('slack_read_file', { file: 'F1AA' })).rejects.toMatchObject({
        code: 'TOOL_FORBIDDEN',
        details: { rule: 'hide_authors' },
      })
    }
  })

  test('are left out of resources and prompts as well', async () => {
    const { slackOffer, context } = hidingBench(['bots', 'external'])
    const [channel] = slackOffer.offer.resourceTemplates
    const resource = await channel?.read({ channel: 'C1AA' }, 'slack://channels/C1AA', context())
    const prompt = slackOffer.offer.prompts.find(({ name }) => name === 'summarise_channel')
    const shown = JSON.stringify([resource, await prompt?.render({ channel: 'C1AA' }, context())])
    expect(shown).toContain('own-bot')
    expect(shown).not.toMatch(/stranger|other-bot/)
  })

  test('leave a page that goes on where all of it was hidden', async () => {
    const { slack, call } = hidingBench(['bots'])
    slack.on('conversations.history', {
      messages: [{ ts: stamp(3), bot_id: 'B9ZZ', text: 'other-bot' }],
      has_more: true,
      response_metadata: { next_cursor: 'further' },
    })
    const { data } = await call('slack_read_channel_messages', { channel: 'C1AA' })
    expect(data).toMatchObject({ messages: [], hidden: 1, next: { cursor: 'further' } })
  })

  test('cannot be told from us while we do not know who we are: nothing is shown', async () => {
    const { slack, call } = hidingBench(['external'])
    slack.identifyAs(undefined)
    await expect(call('slack_read_channel_messages', { channel: 'C1AA' })).rejects.toMatchObject({
      code: 'SLACK_UNAVAILABLE',
    })
  })
})

describe('the origin of an author', () => {
  const org = { ...scriptedIdentity, enterpriseId: 'E100' }
  test.each([
    ['our workspace', { teamId: 'T100' }, undefined, scriptedIdentity, 'home'],
    ['no team at all', { teamId: undefined }, undefined, scriptedIdentity, 'home'],
    ['another workspace', { teamId: 'T999' }, undefined, scriptedIdentity, 'elsewhere'],
    ['a profile of another', { teamId: undefined }, { teamId: 'T999' }, scriptedIdentity, 'elsewhere'],
    ['our organisation', { teamId: 'E100' }, undefined, org, 'home'],
    ['a sister workspace', { teamId: 'T200' }, { teamId: 'T200', enterpriseId: 'E100' }, org, 'home'],
    ['another organisation', { teamId: 'T999' }, { teamId: 'T999', enterpriseId: 'E999' }, org, 'elsewhere'],
    ['a workspace without one', { teamId: 'T999' }, { teamId: 'T999' }, org, 'elsewhere'],
    ['a team whose author is unknown', { teamId: 'T999' }, undefined, org, 'unclear'],
  ] as const)('of %s', (_, message, author, identity, origin) => {
    const profile = author === undefined ? undefined : { enterpriseId: undefined, ...author }
    expect(originOf(message, profile, identity)).toBe(origin)
  })
})
