import { type Clock, sleep } from '../base/clock.ts'
import { asOneLine } from '../base/text.ts'
import { createSignedSender } from '../demo/signed-sender.ts'
import { runTour, type TourLine, type TourQueue, type TourSummary } from '../demo/tour.ts'
import type { QueuedEvent } from '../queue/driver.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { type DemoStage, openStage, type StageDefaults } from './demo-stage.ts'
import { exitCodes } from './exit-codes.ts'
import { createTerminalStyle, type TerminalStyle } from './terminal-style.ts'

/** Nobody has to find the port of a tour, and what it provokes, such as a refused forgery, is a result and no warning. */
const tourDefaults: StageDefaults = { port: 0, logLevel: 'error' }
/** How many kept events the tour looks through; it makes far fewer. */
const keptMax = 1_000
const consumeDeadlineMs = 5_000
const pollMs = 5

/** Walks the tour; 0 only if every step holds. */
export async function runDemoTour(context: CliContext, flags: ParsedFlags): Promise<number> {
  const stage = await openStage(context, flags, tourDefaults)
  const ended = new AbortController()
  try {
    const interrupted = stage
      .signalled()
      .then((cause) => (cause === 'fault' ? exitCodes.failed : exitCodes.interrupted))
    const outcome = await Promise.race([walk(context, stage, ended.signal), interrupted])
    if (typeof outcome === 'number') return outcome
    context.stdout.write(renderEnd(outcome, createTerminalStyle(context)))
    return outcome.failedCount === 0 ? exitCodes.done : exitCodes.failed
  } finally {
    ended.abort()
    await stage.stop()
  }
}

async function walk(context: CliContext, stage: DemoStage, signal: AbortSignal): Promise<TourSummary> {
  const { clock, fetch, stdout, build } = context
  const { workspace, webhookUrl: url, signingSecret, mcpUrl, bearer, server } = stage
  const style = createTerminalStyle(context)
  stdout.write(
    `\n${style.bold(`${programName} ${build.version}`)} at ${stage.listening.url}, with the embedded workspace Tidemark\n`,
  )
  const consumed = new Map<string, number>()
  const consuming = server.events.subscribe({
    group: 'demo-tour',
    signal,
    async handler({ event }) {
      consumed.set(event.id, (consumed.get(event.id) ?? 0) + 1)
    },
  })
  void consuming
  return runTour({
    clock,
    workspace,
    slack: createSignedSender({ url, signingSecret, clock, fetch, signal }),
    forger: createSignedSender({ url, signingSecret: `not-${signingSecret}`, clock, fetch, signal }),
    queue: createTourQueue(server.events.recent, consumed, clock),
    transports: stage.config.mcpTransport === 'sse' ? ['streamable-http', 'sse'] : ['streamable-http'],
    async connect(transport) {
      // Loaded here: nobody but the tour needs an MCP client.
      const { connectMcpClient } = await import('../mcp/client.ts')
      return connectMcpClient({ url: mcpUrl, token: bearer, transport, clientVersion: build.version })
    },
    report: (line) => stdout.write(renderLine(line, style)),
  })
}

function createTourQueue(
  recent: (limit: number) => Promise<readonly QueuedEvent[]>,
  consumedCounts: ReadonlyMap<string, number>,
  clock: Clock,
): TourQueue {
  return {
    async kept(eventId) {
      const events = await recent(keptMax)
      return events.filter(({ id }) => id === eventId).map(({ bytes }) => bytes)
    },
    async consumed(eventId) {
      const deadlineMs = clock.monotonic() + consumeDeadlineMs
      while (!consumedCounts.has(eventId) && clock.monotonic() < deadlineMs) await sleep(clock, pollMs)
      return consumedCounts.get(eventId) ?? 0
    },
  }
}

const titleColumns = 62
const elapsedColumns = 5

function renderLine(line: TourLine, style: TerminalStyle): string {
  if (line.kind === 'chapter') return `\n${style.bold(line.title)}\n`
  const mark = line.isOk ? style.good('ok  ') : style.bad('FAIL')
  const elapsed = style.dim(`${String(Math.round(line.elapsedMs)).padStart(elapsedColumns)} ms`)
  return `  ${mark}  ${line.title.padEnd(titleColumns)} ${elapsed}  ${asOneLine(line.result)}\n`
}

function renderEnd({ stepCount, failedCount }: TourSummary, style: TerminalStyle): string {
  if (failedCount > 0) return `\n${style.bad(`${failedCount} of ${stepCount} steps failed.`)}\n\n`
  return [
    '',
    style.good(`All ${stepCount} steps hold.`),
    '',
    'Next: without --once the demo stays up, with a configuration to paste into your AI client.',
    '',
    '',
  ].join('\n')
}
