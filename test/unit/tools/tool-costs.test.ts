import { expect, test } from 'bun:test'
import { createOfferIndex } from '../../../src/mcp/offer-index.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { realisticHistory } from '../../support/realistic-history.ts'
import { createToolBench } from '../../support/tool-bench.ts'
import { toolCases } from '../../support/tool-cases.ts'
import { verifies } from '../../support/verifies.ts'

const everything = { isReadOnly: false, toolsets: undefined, channels: undefined }

function listBytes(toolsets: readonly string[]) {
  const { slackOffer } = createToolBench({ settings: { toolsets } })
  const tools = createOfferIndex(slackOffer.offer).listTools(everything)
  const lean = tools.map((tool) =>
    Object.fromEntries(Object.entries(tool).filter(([key]) => key !== 'outputSchema')),
  )
  return {
    whole: Buffer.byteLength(JSON.stringify({ tools })),
    lean: Buffer.byteLength(JSON.stringify({ tools: lean })),
  }
}

verifies(
  'tools:bytes',
  'the default list has at most 12,000 bytes, 8,500 without output schemas, that of all tools 32,000',
  () => {
    const standard = listBytes(['default'])
    expect(standard.whole).toBeLessThanOrEqual(12_000)
    expect(standard.lean).toBeLessThanOrEqual(8500)
    expect(listBytes(['all']).whole).toBeLessThanOrEqual(32_000)
  },
)

function workspaceOf(peopleCount: number) {
  const bench = createToolBench()
  bench.slack.on('users.info', ({ user }) => ({
    user: {
      id: user,
      name: `person${String(user).slice(1, 5)}`,
      profile: { display_name: `Person ${String(user).slice(1, 5)}` },
    },
  }))
  return { ...bench, peopleCount }
}

verifies('tools:bytes:messages', "fifty messages as text cost at most 45 % of Slack's JSON", async () => {
  const { slack, call } = workspaceOf(12)
  const messages = realisticHistory(50, 12)
  slack.on('conversations.history', { ok: true, messages, has_more: false })
  const { text, data } = await call('slack_read_channel_messages', { channel: 'C1AA', limit: 50 })
  const raw = Buffer.byteLength(JSON.stringify({ ok: true, messages, has_more: false }))
  expect(data.messages).toHaveLength(50)
  expect(Buffer.byteLength(text) / raw).toBeLessThanOrEqual(0.45)
})

/** Cases that ask for more than the first number of the declared cost: two texts, and the members of a channel. */
const casesOfMore: Readonly<Record<string, number>> = { slack_thread_reply: 2, slack_get_channel: 2 }

for (const tool of toolTable) {
  verifies('tools:calls:declared', `${tool.name} costs what it declares`, async () => {
    const { slack, call } = createToolBench()
    const { args = {}, script } = toolCases[tool.name] ?? {}
    script?.(slack)
    const undeclared = () =>
      Object.keys(slack.counts()).filter((method) => !tool.cost.methods.includes(method))
    await call(tool.name, args)
    expect(undeclared()).toEqual([])
    slack.calls.length = 0
    await call(tool.name, args)
    expect(undeclared()).toEqual([])
    const ofOneItem = Number(/^\d+/.exec(tool.cost.warm)?.[0])
    expect(slack.calls.length).toBe(casesOfMore[tool.name] ?? ofOneItem)
  })
}

verifies('tools:calls', 'reading 100 messages of 30 people costs 31 calls cold and 1 warm', async () => {
  const { slack, call } = workspaceOf(30)
  slack.on('conversations.history', { messages: realisticHistory(100, 30), has_more: false })
  await call('slack_read_channel_messages', { channel: 'C1AA' })
  expect(slack.counts()).toEqual({ 'conversations.history': 1, 'users.info': 30 })
  slack.calls.length = 0
  await call('slack_read_channel_messages', { channel: 'C1AA' })
  expect(slack.counts()).toEqual({ 'conversations.history': 1 })
})

test('messages that bring their names along cost no look-up', async () => {
  const { slack, call } = workspaceOf(5)
  const messages = Array.from({ length: 20 }, (_, index) => ({
    ts: `17000000${String(index).padStart(2, '0')}.000100`,
    user: `U${index}AA`,
    text: 'hi',
    user_profile: { display_name: `Guest ${index}`, real_name: 'x' },
  }))
  slack.on('conversations.history', { messages })
  await call('slack_read_channel_messages', { channel: 'C1AA' })
  expect(slack.counts()).toEqual({ 'conversations.history': 1 })
})
