import { startBigWorkspace } from '../../support/big-workspace.ts'
import { realisticHistory } from '../../support/realistic-history.ts'
import { type BenchCase, type Comparison, figureTable, type ReportLine } from '../bench-case.ts'
import { summarizeFigures } from '../contest.ts'
import type { ToolCall } from '../load/mcp-requests.ts'
import { availablePrograms, type McpProgram, productProgram } from '../servers/peer-servers.ts'
import { StdioClient } from '../servers/stdio-client.ts'
import { summarize } from '../statistics.ts'

const messageCount = 50
const channel = 'C000000'

/** The tool of each that reads a channel, whichever of these it has. */
const readings: readonly ToolCall[] = [
  { name: 'slack_read_channel_messages', arguments: { channel, limit: messageCount } },
  { name: 'conversations_history', arguments: { channel_id: channel, limit: String(messageCount) } },
  { name: 'slack_get_channel_history', arguments: { channel_id: channel, limit: messageCount } },
]

export const tokens: BenchCase = {
  title: 'What a model reads',
  method:
    'Bytes of the answer to tools/list with the tools that each offers by default, and bytes of the text that it answers for the latest 50 messages of a channel, beside the JSON of the Slack Web API for the same messages: rich text, links, mentions, reactions, threads.',
  async run({ say }) {
    const messages = realisticHistory(messageCount, 12, (index) => `U${String(index).padStart(6, '0')}`)
    const rawBytes = JSON.stringify({ ok: true, messages, has_more: false }).length
    await using workspace = startBigWorkspace({ userCount: 50, channelCount: 20, messages })
    const { programs, skipped } = await availablePrograms()
    const lines: ReportLine[] = []
    for (const program of programs) {
      say(program.name)
      lines.push(await readBy(program, { apiUrl: workspace.apiUrl, rawBytes }))
    }
    const raw = summarizeFigures([{ messageBytes: rawBytes, share: 1 }])
    return {
      rounds: 1,
      lines: [...lines, { name: "Slack's JSON", figures: raw }],
      comparisons: comparisonsOf(lines),
      skipped,
    }
  },
}

/** How many times as much a model reads from each peer as from ours. */
function comparisonsOf(lines: readonly ReportLine[]): readonly Comparison[] {
  const ours = lines.find(({ name }) => name === productProgram.name)
  return lines
    .filter((line) => line !== ours)
    .flatMap(({ name, figures }) =>
      (['listBytes', 'messageBytes'] as const).map((figure) => ({
        says: `${name}: ${figureTable[figure].title}, to ours`,
        value: summarize([
          (figures[figure]?.median ?? Number.NaN) / (ours?.figures[figure]?.median ?? Number.NaN),
        ]),
      })),
    )
}

async function readBy(
  program: McpProgram,
  { apiUrl, rawBytes }: { readonly apiUrl: string; readonly rawBytes: number },
): Promise<ReportLine> {
  await using prepared = await program.stdio(apiUrl)
  await using client = new StdioClient(prepared)
  await client.initialize()
  const list = await client.request('tools/list')
  const tools = list['tools'] as readonly { readonly name: string }[]
  const reading = readings.find(({ name }) => tools.some((tool) => tool.name === name))
  const text = reading === undefined ? '' : await textOf(client, reading)
  const isComplete = text.includes('Message 0:') && text.includes(`Message ${messageCount - 1}:`)
  const figures = {
    tools: tools.length,
    listBytes: JSON.stringify(list).length,
    messageBytes: Buffer.byteLength(text),
    share: Buffer.byteLength(text) / rawBytes,
    errors: isComplete ? 0 : 1,
  }
  return { name: program.name, figures: summarizeFigures([figures]) }
}

const readyMaxMs = 30_000

/** What a model gets to read. A server that still loads its lists refuses, and is asked again. */
export async function textOf(client: StdioClient, call: ToolCall): Promise<string> {
  const startedAtMs = performance.now()
  for (;;) {
    const result = await client.request('tools/call', call)
    const content = result['content'] as readonly { readonly text?: string }[]
    const text = content.map((block) => block.text ?? '').join('\n')
    if (result['isError'] !== true) return text
    if (performance.now() - startedAtMs > readyMaxMs) throw new Error(`${call.name} failed: ${text}`)
    await Bun.sleep(50)
  }
}
