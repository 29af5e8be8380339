import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { createOfferIndex } from '../../src/mcp/offer-index.ts'
import { initializeSlackClient } from '../../src/slack/client.ts'
import { toolsetTable } from '../../src/tools/slack-tool.ts'
import { toolTable } from '../../src/tools/tool-table.ts'
import { startBigWorkspace } from '../support/big-workspace.ts'
import { realisticHistory } from '../support/realistic-history.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { createBenchOver, createToolBench } from '../support/tool-bench.ts'
import { toolCases } from '../support/tool-cases.ts'

/**
 * What the tools cost: bytes of the lists, bytes of what a model reads, calls to Slack, memory beside a large workspace. One JSON line a case.
 * `bun test/bench/tools.ts`
 */

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function listBytes(): void {
  for (const profile of ['default', ...Object.keys(toolsetTable), 'all']) {
    const { slackOffer } = createToolBench({ settings: { toolsets: [profile] } })
    const everything = { isReadOnly: false, toolsets: undefined, channels: undefined }
    const tools = createOfferIndex(slackOffer.offer).listTools(everything)
    const lean = tools.map(({ outputSchema: _, ...rest }) => rest)
    print({
      case: 'tools_list',
      profile,
      tools: tools.length,
      bytes: JSON.stringify({ tools }).length,
      bytes_without_output_schemas: JSON.stringify({ tools: lean }).length,
    })
  }
}

async function messageBytes(): Promise<void> {
  const { slack, call } = createToolBench()
  const messages = realisticHistory(50, 12)
  slack.on('conversations.history', { ok: true, messages }).on('users.info', ({ user }) => ({
    user: { id: user, name: 'ada', profile: { display_name: 'Ada Lovelace' } },
  }))
  const raw = JSON.stringify({ ok: true, messages }).length
  for (const format of ['concise', 'detailed']) {
    const { text, data } = await call('slack_read_channel_messages', { channel: 'C1AA', format })
    const structured = JSON.stringify(data).length
    print({
      case: 'fifty_messages',
      format,
      raw,
      text: text.length,
      structured,
      text_share: text.length / raw,
    })
  }
}

async function slackCalls(): Promise<void> {
  for (const { name } of toolTable) {
    const { slack, call } = createToolBench()
    const { args, script } = toolCases[name] ?? { args: {}, script: () => undefined }
    script(slack)
    await call(name, args)
    const cold = slack.calls.length
    slack.calls.length = 0
    await call(name, args)
    print({ case: 'slack_calls', tool: name, cold, warm: slack.calls.length })
  }
}

const sizes = [
  { userCount: 50, channelCount: 20 },
  { userCount: 20_000, channelCount: 5000 },
]
const latencyMs = 150

/** Each size in a process of its own: memory is not given back between them. */
async function workspaces(): Promise<void> {
  for (const size of sizes) {
    const messages = realisticHistory(100, 30, (index) => `U${String(index).padStart(6, '0')}`)
    const workspace = startBigWorkspace({ ...size, latencyMs, messages })
    const last = `#channel-${String(size.channelCount - 1).padStart(5, '0')}`
    const child = Bun.spawn([process.execPath, import.meta.path, 'read', workspace.apiUrl, last])
    const seen = JSON.parse(await new Response(child.stdout).text())
    print({ case: 'first_read_by_name', ...size, latency_ms: latencyMs, ...seen, calls: workspace.counts() })
    await workspace.stop()
  }
}

async function read(apiUrl: string, channel: string): Promise<void> {
  const clock = createSystemClock()
  const slack = initializeSlackClient(new Secret('xoxb-bench'), undefined, {
    ...{ clock, ids: createSystemIds(), fetch: globalThis.fetch, apiUrl },
    ...{ log: new RecordingLogger(), metrics: new RecordingMetrics() },
  })
  const { call } = createBenchOver({ slack, clock })
  const rssBefore = process.memoryUsage().rss
  const startedAtMs = clock.monotonic()
  await call('slack_read_channel_messages', { channel })
  const cold = clock.monotonic() - startedAtMs
  const warmAtMs = clock.monotonic()
  await call('slack_read_channel_messages', { channel })
  const warm = clock.monotonic() - warmAtMs
  Bun.gc(true)
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const rss = process.memoryUsage().rss
  print({
    cold_ms: Math.round(cold),
    warm_ms: Math.round(warm),
    rss_before_mb: megabytes(rssBefore),
    rss_mb: megabytes(rss),
  })
  await slack.stop()
}

const [mode, apiUrl = '', channel = ''] = process.argv.slice(2)
if (mode === 'read') await read(apiUrl, channel)
else {
  listBytes()
  await messageBytes()
  await slackCalls()
  await workspaces()
}
