import { startBigWorkspace } from '../../support/big-workspace.ts'
import type { BenchCase, BenchContext, ReportLine } from '../bench-case.ts'
import { callTool, openClient, type ToolCall } from '../load/mcp-requests.ts'
import { postSignedEvents } from '../load/signed-events.ts'
import { mcpToken, startEmbedded } from '../servers/product.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { summarize } from '../statistics.ts'

const eventsPerSecond = 50
const callsPerSecond = 20
const call: ToolCall = { name: 'slack_get_user', arguments: { user: 'U000001' } }
const partCount = 6

export const soak: BenchCase = {
  title: 'Soak',
  method: `${eventsPerSecond} signed events and ${callsPerSecond} calls of a tool in every second, events handled in the process. The time is cut into ${partCount} parts: of each the time that a call or an event took, resident memory and descriptors at its end, what failed. What drifts shows between the second part, when everything is warm, and the last.`,
  isOnlyNamed: true,
  secondsDefault: 1800,
  async run(context) {
    await using workspace = startBigWorkspace({ userCount: 50, channelCount: 20 })
    await using server = await startEmbedded({ SLACK_API_URL: workspace.apiUrl })
    const lines: ReportLine[] = []
    for (let part = 1; part <= partCount; part++)
      lines.push({ name: `part ${part} of ${partCount}`, figures: await runPart(server, context) })
    const rss = (index: number) => lines.at(index)?.figures.rssMegabytes?.median ?? Number.NaN
    return {
      lines,
      comparisons: [
        {
          says: 'resident memory, the last part to the second',
          value: summarize([rss(-1) / rss(1)]),
          goal: { atMost: 1.05 },
        },
      ],
    }
  },
}

async function runPart(
  server: ServerProcess,
  { seconds, say }: BenchContext,
): Promise<ReportLine['figures']> {
  const target = { origin: server.origin, token: mcpToken, era: 'legacy' } as const
  const client = await openClient(target)
  const tookMs: number[] = []
  let errors = 0
  const timed = async (run: () => Promise<unknown>) => {
    const startedAtMs = performance.now()
    await run().catch(() => errors++)
    tookMs.push(performance.now() - startedAtMs)
  }
  const endsAtMs = performance.now() + (seconds * 1000) / partCount
  const every = async (perSecond: number, run: () => Promise<unknown>) => {
    const running: Promise<void>[] = []
    // By the clock and not by the answers: a server that stalls gets what came meanwhile all the same.
    for (let nextAtMs = performance.now(); nextAtMs < endsAtMs; nextAtMs += 1000 / perSecond) {
      await Bun.sleep(Math.max(0, nextAtMs - performance.now()))
      running.push(timed(run))
    }
    await Promise.all(running)
  }
  await Promise.all([
    every(eventsPerSecond, () => postSignedEvents(server.origin, 1)),
    every(callsPerSecond, () => callTool(target, client, call)),
  ])
  say(`${tookMs.length} requests, ${errors} errors, ${Math.round(server.residentMegabytes())} MB`)
  const sorted = tookMs.toSorted((a, b) => a - b)
  const quantile = (share: number) =>
    summarize([sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN])
  return {
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    rssMegabytes: summarize([server.residentMegabytes()]),
    descriptors: summarize([server.descriptors()]),
    errors: summarize([errors]),
  }
}
