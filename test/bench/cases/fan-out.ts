import type { BenchCase, Figures, ReportLine } from '../bench-case.ts'
import { summarizeFigures } from '../contest.ts'
import type { McpEra } from '../load/mcp-requests.ts'
import { eventChannel, postSignedEvent } from '../load/signed-events.ts'
import { mcpToken, startProduct } from '../servers/product.ts'
import { openSubscribers } from '../servers/subscribers.ts'

const subscriberCount = 1000
const roundCount = 10
export const manySessions = { MCP_SESSIONS_MAX: '20000', MCP_SESSIONS_PER_PRINCIPAL_MAX: '20000' }

export const fanOut: BenchCase = {
  title: 'Fan-out',
  method:
    'One signed message event, and 1,000 clients of MCP that have subscribed to its channel as a resource, each on a stream of its own: from the post of the event to its answer, to the first and to the last notification; each client without one is an error. In the legacy era by resources/subscribe and the stream of a session, in the modern one by subscriptions/listen. The clients are one process, which reads all streams on the other core.',
  async run({ say }) {
    const lines: ReportLine[] = []
    for (const era of ['legacy', 'modern'] as const) {
      say(`${era} era`)
      lines.push(await measureEra(era))
    }
    return { rounds: roundCount, lines, comparisons: [] }
  },
}

async function measureEra(era: McpEra): Promise<ReportLine> {
  await using server = await startProduct(manySessions)
  const uri = `slack://channels/${eventChannel}`
  const target = { origin: server.origin, token: mcpToken, era }
  await using subscribers = await openSubscribers(target, { count: subscriberCount, uri })
  const seen: Figures[] = []
  for (let round = 0; round <= roundCount; round++) {
    const heard = subscribers.everybodyHears()
    const cpuBefore = server.cpuSeconds()
    const postedAtMs = performance.now()
    await postSignedEvent(server.origin)
    const answeredAtMs = performance.now()
    const { firstAtMs, lastAtMs, missing } = await heard
    const cpuMicroseconds = ((server.cpuSeconds() - cpuBefore) / subscriberCount) * 1_000_000
    const figures = {
      milliseconds: answeredAtMs - postedAtMs,
      firstMs: firstAtMs - postedAtMs,
      lastMs: lastAtMs - postedAtMs,
      cpuMicroseconds,
      errors: missing,
    }
    // The first round warms up.
    if (round > 0) seen.push(figures)
  }
  return { name: `ours, ${era} era, ${subscriberCount} subscribers`, figures: summarizeFigures(seen) }
}
