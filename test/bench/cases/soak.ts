import { startBigWorkspace } from '../../support/big-workspace.ts'
import type { BenchCase, BenchContext, FigureName, ReportLine } from '../bench-case.ts'
import { callTool, openClient, type ToolCall } from '../load/mcp-requests.ts'
import { postNextEvent } from '../load/signed-events.ts'
import { mcpToken, startEmbedded } from '../servers/product.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { summarize } from '../statistics.ts'

const eventsPerSecond = 50
const callsPerSecond = 20
const call: ToolCall = { name: 'slack_get_user', arguments: { user: 'U000001' } }
const partCount = 6

export const soak: BenchCase = {
  title: 'Soak',
  method: `${eventsPerSecond} signed events and ${callsPerSecond} calls of a tool in every second, events handled in the process. The time is cut into ${partCount} parts: of each the time that a call or an event took, the CPU of the server process for each, resident memory and descriptors at its end, what failed. What drifts shows between the second part, when everything is warm, and the last.`,
  isOnlyNamed: true,
  secondsDefault: 1800,
  async run(context) {
    await using workspace = startBigWorkspace({ userCount: 50, channelCount: 20 })
    await using server = await startEmbedded({ SLACK_API_URL: workspace.apiUrl })
    const lines: ReportLine[] = []
    for (let part = 1; part <= partCount; part++)
      lines.push({ name: `part ${part} of ${partCount}`, figures: await runPart(server, context) })
    const drift = (figure: FigureName) => {
      const [from, to] = [lines[1], lines.at(-1)].map((line) => line?.figures[figure]?.median ?? Number.NaN)
      return summarize([(to ?? Number.NaN) / (from ?? Number.NaN)])
    }
    const says = 'the last part to the second'
    return {
      rounds: 1,
      lines,
      comparisons: [
        { says: `resident memory, ${says}`, value: drift('rssMegabytes'), goal: { atMost: 1.05 } },
        { says: `descriptors, ${says}`, value: drift('descriptors'), goal: { atMost: 1.05 } },
        { says: `median latency, ${says}`, value: drift('p50Ms') },
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
  const cpuBefore = server.cpuSeconds()
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
    every(eventsPerSecond, () => postNextEvent(server.origin)),
    every(callsPerSecond, () => callTool(target, client, call)),
  ])
  say(`${tookMs.length} requests, ${errors} errors, ${Math.round(server.residentMegabytes())} MB`)
  const sorted = tookMs.toSorted((a, b) => a - b)
  const quantile = (share: number) =>
    summarize([sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN])
  return {
    cpuMicroseconds: summarize([((server.cpuSeconds() - cpuBefore) / tookMs.length) * 1_000_000]),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    rssMegabytes: summarize([server.residentMegabytes()]),
    descriptors: summarize([server.descriptors()]),
    errors: summarize([errors]),
  }
}
