import { describe, expect, test } from 'bun:test'
import { methodTable } from '../../../src/slack/method-table.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { refuses } from '../../support/scripted-slack.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { toolCases } from '../../support/tool-cases.ts'
import { verifies } from '../../support/verifies.ts'

/** Guards that stand around every tool. They run over the table of tools, so that a new write tool cannot forget them. */

const writeTools = toolTable.filter((tool) => tool.effect !== 'read')
const writesOf = (calls: readonly { readonly method: string }[]) =>
  calls.filter(({ method }) => methodTable[method as keyof typeof methodTable].effect === 'write')

test('there is a case for every tool', () => {
  expect(toolTable.map((tool) => tool.name).filter((name) => toolCases[name] === undefined)).toEqual([])
  expect(writeTools.length).toBeGreaterThan(15)
})

verifies(
  'tools:policy:write',
  'no write tool reaches Slack for a channel that may not be written to',
  async () => {
    for (const { name } of writeTools) {
      const { slack, call } = createToolBench({ settings: { writeChannels: ['C0OTHER'] } })
      toolCases[name]?.script(slack)
      await expect(call(name, toolCases[name]?.args ?? {})).rejects.toMatchObject({ code: 'TOOL_FORBIDDEN' })
      expect([name, writesOf(slack.calls)]).toEqual([name, []])
    }
  },
)

verifies(
  'tools:read-only',
  'in read-only mode, of server or principal, no write tool calls Slack',
  async () => {
    for (const { name } of writeTools) {
      for (const options of [{ settings: { isReadOnly: true } }, { policy: { isReadOnly: true } }]) {
        const { slack, call } = createToolBench(options)
        toolCases[name]?.script(slack)
        await expect(call(name, toolCases[name]?.args ?? {})).rejects.toMatchObject({
          code: 'TOOL_FORBIDDEN',
          details: { rule: 'read_only' },
        })
        expect([name, slack.calls]).toEqual([name, []])
      }
    }
  },
)

test('a principal uses the tools of its toolsets and no others', async () => {
  const { slack, call } = createToolBench({ policy: { toolsets: ['users'] } })
  await expect(call('slack_post_message', { channel: 'C1AA', text: 'x' })).rejects.toMatchObject({
    code: 'TOOL_FORBIDDEN',
    details: { rule: 'toolset' },
  })
  slack.on('users.info', { user: { id: 'U1AA', name: 'ada' } })
  expect((await call('slack_get_user', { user: 'U1AA' })).data.handle).toBe('ada')
})

verifies('tools:dry-run', 'a dry run of every write shows its calls and makes none', async () => {
  for (const { name } of writeTools) {
    const { slack, call, log } = createToolBench({ settings: { confirmsDestructive: true } })
    toolCases[name]?.script(slack)
    const { data } = await call(name, { ...toolCases[name]?.args, dry_run: true })
    expect([name, data.dry_run, data.would_send.length > 0]).toEqual([name, true, true])
    for (const { method } of data.would_send) expect(Object.hasOwn(methodTable, method)).toBe(true)
    expect([name, writesOf(slack.calls)]).toEqual([name, []])
    expect(log.named('mcp_write_audited')).toMatchObject([
      { fields: { tool_name: name, outcome: 'dry_run' } },
    ])
  }
})

test('what a dry run shows is what the call sends', async () => {
  for (const { name } of writeTools.filter((tool) => tool.name !== 'slack_upload_file')) {
    const { slack, call } = createToolBench()
    toolCases[name]?.script(slack)
    const { data } = await call(name, { ...toolCases[name]?.args, dry_run: true })
    slack.calls.length = 0
    await call(name, toolCases[name]?.args ?? {})
    const sent = writesOf(slack.calls).map(({ method, ...call }) => ({
      method,
      params: (call as { params?: object }).params,
    }))
    expect([name, sent]).toEqual([name, data.would_send])
  }
})

describe('confirmation', () => {
  const destructive = writeTools.filter((tool) => tool.effect === 'destructive')

  verifies(
    'tools:confirm',
    'destructive tools ask first, and are refused where nobody can be asked or says no',
    async () => {
      expect(destructive.length).toBeGreaterThan(2)
      for (const { name } of destructive) {
        const settings = { confirmsDestructive: true }
        for (const answer of [
          undefined,
          { action: 'decline' },
          { action: 'cancel' },
          { action: 'accept', content: { confirm: false } },
        ] as const) {
          const { slack, call, log } = createToolBench({
            settings,
            ...(answer === undefined ? {} : { answer }),
          })
          toolCases[name]?.script(slack)
          await expect(call(name, toolCases[name]?.args ?? {})).rejects.toMatchObject({
            code: 'TOOL_FORBIDDEN',
            details: { rule: 'confirm' },
          })
          expect([name, slack.calls]).toEqual([name, []])
          const outcome = answer === undefined ? 'TOOL_FORBIDDEN' : 'declined'
          expect(log.named('mcp_write_audited')).toMatchObject([{ fields: { outcome } }])
        }
        const { slack, call, questions } = createToolBench({
          settings,
          answer: { action: 'accept', content: { confirm: true } },
        })
        toolCases[name]?.script(slack)
        await call(name, toolCases[name]?.args ?? {})
        expect(writesOf(slack.calls)).toHaveLength(1)
        expect(questions).toHaveLength(1)
        expect(questions[0]?.message).toContain(name)
      }
    },
  )

  verifies(
    'tools:confirm:refused',
    'nobody is asked about a channel that may not be written to',
    async () => {
      for (const { name } of destructive) {
        const { slack, call, questions, log } = createToolBench({
          settings: { confirmsDestructive: true, writeChannels: ['C0OTHER'] },
          answer: { action: 'accept', content: { confirm: true } },
        })
        toolCases[name]?.script(slack)
        await expect(call(name, toolCases[name]?.args ?? {})).rejects.toMatchObject({
          code: 'TOOL_FORBIDDEN',
          details: { rule: 'write_channels' },
        })
        expect([name, questions, writesOf(slack.calls)]).toEqual([name, [], []])
        expect(log.named('mcp_write_audited')).toMatchObject([{ fields: { outcome: 'TOOL_FORBIDDEN' } }])
      }
    },
  )

  verifies('tools:confirm:refused', 'nobody is asked to edit or delete no message', async () => {
    for (const name of ['slack_update_message', 'slack_delete_message']) {
      const { slack, call, questions } = createToolBench({
        settings: { confirmsDestructive: true },
        answer: { action: 'accept', content: { confirm: true } },
      })
      toolCases[name]?.script(slack)
      const { message_ts: _, ...args } = (toolCases[name]?.args ?? {}) as Readonly<Record<string, unknown>>
      await expect(call(name, args)).rejects.toMatchObject({
        code: 'TOOL_ARGUMENTS_INVALID',
        details: { field: 'message_ts' },
      })
      expect([questions, slack.calls]).toEqual([[], []])
    }
  })

  test('nobody is asked for what destroys nothing, nor without the setting', async () => {
    const answer = { action: 'accept', content: { confirm: true } } as const
    const asking = createToolBench({ settings: { confirmsDestructive: true }, answer })
    toolCases['slack_post_message']?.script(asking.slack)
    await asking.call('slack_post_message', toolCases['slack_post_message']?.args ?? {})
    const silent = createToolBench({ answer })
    toolCases['slack_delete_message']?.script(silent.slack)
    await silent.call('slack_delete_message', toolCases['slack_delete_message']?.args ?? {})
    expect([...asking.questions, ...silent.questions]).toEqual([])
  })

  test('the question shows the arguments on one line and not without end', async () => {
    const { slack, call, questions } = createToolBench({
      settings: { confirmsDestructive: true },
      answer: { action: 'decline' },
    })
    toolCases['slack_update_message']?.script(slack)
    const text = `harmless\u202e\n\nApprove all? ${'x'.repeat(1000)}`
    await call('slack_update_message', { ...toolCases['slack_update_message']?.args, text }).catch(
      () => undefined,
    )
    const message = questions[0]?.message ?? ''
    expect(message.length).toBeLessThan(300)
    expect(message).not.toMatch(/[\n\u202e]/)
  })
})

verifies(
  'tools:audit',
  'every write leaves one line with principal, tool, channel and outcome, never the content',
  async () => {
    for (const { name } of writeTools) {
      const { slack, call, log } = createToolBench()
      toolCases[name]?.script(slack)
      await call(name, { ...toolCases[name]?.args, ...toolCases[name]?.canary })
      const lines = log.named('mcp_write_audited')
      expect(lines).toMatchObject([
        { level: 'info', fields: { principal: 'tester', tool_name: name, outcome: 'ok' } },
      ])
      expect(lines[0]?.fields['channel_id']).toMatch(/^[CD][A-Z0-9]+$/)
      expect(JSON.stringify(log.lines)).not.toContain('canary')
    }
  },
)

test('a refused write is audited with the code, one that failed in part as such, a read not at all', async () => {
  const { slack, call, log } = createToolBench()
  slack.on('chat.postMessage', refuses('not_in_channel')).on('emoji.list', { emoji: {} })
  await call('slack_post_message', { channel: 'C1AA', text: 'x' }).catch(() => undefined)
  slack.on('reactions.add', (params) => (params['name'] === 'b' ? refuses('invalid_name')(params, {}) : {}))
  await call('slack_add_reactions', { channel: 'C1AA', timestamp: '1700000000.000100', emojis: ['a', 'b'] })
  await call('slack_read_emojis', {})
  expect(log.named('mcp_write_audited').map(({ fields }) => fields['outcome'])).toEqual([
    'SLACK_REFUSED',
    'partial',
  ])
})

verifies(
  'tools:unfurl',
  'every message goes out without previews unless the operator allows them',
  async () => {
    for (const { name } of writeTools) {
      for (const allowsUnfurling of [false, true]) {
        const { slack, call } = createToolBench({ settings: { allowsUnfurling } })
        toolCases[name]?.script(slack)
        await call(name, toolCases[name]?.args ?? {})
        const messages = slack.calls.filter(({ method }) => /^chat\.(post|update|schedule)/.test(method))
        for (const { params } of messages) {
          const flags = [params['unfurl_links'], params['unfurl_media']]
          expect([name, flags]).toEqual([name, allowsUnfurling ? [undefined, undefined] : [false, false]])
          expect(params['link_names']).toBeUndefined()
          expect(params['parse']).toBeUndefined()
        }
      }
    }
  },
)

test('no text that a tool takes may notify many people, whatever it is for', async () => {
  const contentArguments = ['text', 'texts', 'markdown', 'topic', 'title', 'comment']
  const refused: string[] = []
  for (const tool of writeTools) {
    const takesText = (name: string) => ['string', 'array'].includes(tool.input.properties[name]?.['type'])
    for (const argument of contentArguments.filter(takesText)) {
      const { slack, call } = createToolBench()
      toolCases[tool.name]?.script(slack)
      const { text: _, ...rest } = { ...toolCases[tool.name]?.args }
      const content = argument === 'texts' ? ['fine', 'hi <!channel>'] : 'hi <!channel>'
      await expect(call(tool.name, { ...rest, [argument]: content })).rejects.toMatchObject({
        code: 'TOOL_ARGUMENTS_INVALID',
        details: { given: '<!channel>' },
      })
      expect([tool.name, argument, writesOf(slack.calls)]).toEqual([tool.name, argument, []])
      refused.push(`${tool.name}.${argument}`)
    }
  }
  expect(refused.length).toBeGreaterThanOrEqual(11)
})

describe('arguments that are refused whatever the channel is', () => {
  const rows: readonly (readonly [tool: string, args: Readonly<Record<string, unknown>>, field: string])[] = [
    ['slack_post_message', {}, 'text'],
    ['slack_post_message', { text: 'a', markdown: 'b' }, 'text'],
    ['slack_update_message', { message_ts: '1712345678.000100' }, 'text'],
    ['slack_schedule_message', { post_at: '2h' }, 'text'],
    ['slack_schedule_message', { post_at: '900d', text: 'x' }, 'post_at'],
    ['slack_thread_reply', { thread_ts: '1712345678.000100', texts: ['<!channel>'] }, 'text'],
    ['slack_upload_file', { filename: 'a.txt' }, 'content'],
    ['slack_add_bookmark', { title: '<!here>', link: 'https://acme.test/' }, 'title'],
    ['slack_read_channel_messages', { oldest: 'whenever' }, 'oldest'],
    ['slack_read_thread_messages', { thread_ts: '1712345678.000100', oldest: 'whenever' }, 'oldest'],
    ['slack_list_files', { oldest: 'whenever' }, 'oldest'],
    ['slack_update_message', { text: 'x' }, 'message_ts'],
    ['slack_delete_message', {}, 'message_ts'],
    ['slack_get_message', {}, 'message_ts'],
    ['slack_thread_reply', { texts: ['x'] }, 'thread_ts'],
    ['slack_read_thread_messages', {}, 'thread_ts'],
    ['slack_add_reactions', { emojis: ['eyes'] }, 'timestamp'],
    ['slack_add_pin', {}, 'message_ts'],
    ['slack_get_reactions', {}, 'timestamp'],
    ['slack_mark_read', {}, 'message_ts'],
  ]
  for (const [tool, args, field] of rows) {
    test(`cost no Slack call: ${tool} ${JSON.stringify(args)}`, async () => {
      // A policy by name, and a channel by name: both would have to be looked up.
      const { slack, call } = createToolBench({
        settings: { readChannels: ['#ops'], writeChannels: ['#ops'] },
      })
      await expect(call(tool, { channel: '#general', ...args })).rejects.toMatchObject({
        code: 'TOOL_ARGUMENTS_INVALID',
        details: { field },
      })
      expect(slack.calls).toEqual([])
    })
  }
})

test('a principal hears names and news only of what its tools read', async () => {
  const { slackOffer, context } = createToolBench({ policy: { toolsets: ['emoji'] } })
  const { offer } = slackOffer
  const forbidden = { code: 'TOOL_FORBIDDEN', details: { rule: 'toolset' } }
  const completions = [...offer.resourceTemplates, ...offer.prompts].flatMap(({ complete }) => complete ?? [])
  expect(completions).toHaveLength(5)
  for (const complete of completions)
    await expect(complete('channel', '', context())).rejects.toMatchObject(forbidden)
  const { principal } = context()
  const mayRead = [
    'slack://channels/C1AA',
    'slack://channels/C1AA/threads/1712345678.000100',
    'slack://users/U1AA',
    'slack://nothing',
    'slack://emojis',
  ].filter((uri) => slackOffer.mayRead(principal, uri))
  expect(mayRead).toEqual(['slack://emojis'])
  expect(slackOffer.mayRead(createToolBench().context().principal, 'slack://channels/C1AA')).toBe(true)
})
