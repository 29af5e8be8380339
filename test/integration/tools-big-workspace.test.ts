import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { createOfferIndex } from '../../src/mcp/offer-index.ts'
import { initializeSlackClient, type SlackClient } from '../../src/slack/client.ts'
import { type BigWorkspace, startBigWorkspace } from '../support/big-workspace.ts'
import { realisticHistory } from '../support/realistic-history.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { createBenchOver } from '../support/tool-bench.ts'
import { verifies } from '../support/verifies.ts'

describe('with 20,000 people and 5,000 channels', () => {
  let workspace: BigWorkspace
  let slack: SlackClient
  let bench: ReturnType<typeof createBenchOver>

  beforeAll(() => {
    // Counted here, timed by the benchmark: a latency would only make the test slow.
    const sizes = { userCount: 20_000, channelCount: 5000, latencyMs: 0 }
    workspace = startBigWorkspace({
      ...sizes,
      messages: realisticHistory(100, 30, (index) => `U${String(index).padStart(6, '0')}`),
    })
  })

  beforeEach(async () => {
    await slack?.stop()
    const clock = createSystemClock()
    slack = initializeSlackClient(new Secret('xoxb-big'), undefined, {
      ...{ clock, ids: createSystemIds(), fetch: globalThis.fetch, apiUrl: workspace.apiUrl },
      ...{ log: new RecordingLogger(), metrics: new RecordingMetrics() },
    })
    bench = createBenchOver({ slack, clock })
    workspace.forget()
  })

  afterAll(async () => {
    await slack.stop()
    await workspace.stop()
  })

  test('starting and listing the tools costs no call', () => {
    const everything = { isReadOnly: false, toolsets: undefined, channels: undefined }
    expect(createOfferIndex(bench.slackOffer.offer).listTools(everything)).toHaveLength(36)
    expect(workspace.counts()).toEqual({})
  })

  verifies(
    'tools:names',
    'the first read by name stays within its bound of pages, the next costs one call',
    async () => {
      await bench.call('slack_read_channel_messages', { channel: '#channel-04999' })
      expect(workspace.counts()).toEqual({
        'conversations.list': 5,
        'conversations.history': 1,
        'users.info': 30,
      })
      workspace.forget()
      await bench.call('slack_read_channel_messages', { channel: '#channel-00000' })
      expect(workspace.counts()).toEqual({ 'conversations.history': 1 })
    },
  )

  test('reading 100 messages of 30 people by id costs 31 calls cold and 1 warm', async () => {
    await bench.call('slack_read_channel_messages', { channel: 'C000001' })
    expect(workspace.counts()).toEqual({ 'conversations.history': 1, 'users.info': 30 })
    workspace.forget()
    const { text } = await bench.call('slack_read_channel_messages', { channel: 'C000001' })
    expect(workspace.counts()).toEqual({ 'conversations.history': 1 })
    expect(text).not.toMatch(/ U0000\d\d/)
  })

  test('a person beyond the bound is missed after ten pages, and found by looking on', async () => {
    const find = () => bench.call('slack_get_user', { user: '@person19999' })
    await expect(find()).rejects.toMatchObject({
      code: 'SLACK_NAME_NOT_FOUND',
      details: { looked_at: 10_000 },
    })
    expect(workspace.counts()).toEqual({ 'users.list': 10 })
    expect((await find()).data.id).toBe('U019999')
    expect(workspace.counts()).toEqual({ 'users.list': 20 })
  })

  test('twenty look-ups of one name at once share their calls', async () => {
    const reads = Array.from({ length: 20 }, () =>
      bench.call('slack_get_channel', { channel: '#channel-03000' }),
    )
    await Promise.all(reads)
    expect(workspace.counts()['conversations.list']).toBe(4)
  })
})
