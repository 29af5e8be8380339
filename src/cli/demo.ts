import type { Clock } from '../base/clock.ts'
import { runChatter } from '../demo/chatter.ts'
import { describeEvent, renderEventLine } from '../demo/event-line.ts'
import { createSignedSender, slackRetryDelaysMs } from '../demo/signed-sender.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { clientSnippets } from './client-snippets.ts'
import { type DemoStage, openStage, type StageDefaults } from './demo-stage.ts'
import { runDemoTour } from './demo-tour.ts'
import { exitCodes } from './exit-codes.ts'
import { createTerminalStyle, type TerminalStyle } from './terminal-style.ts'

/** A port that can be pasted into a client and is the same next time; of the log only what is wrong. */
const demoDefaults: StageDefaults = { port: 3000, logLevel: 'warn' }

/** Runs the whole server against an embedded workspace: one tour with `--once`, else until a signal. */
export async function runDemo(context: CliContext, flags: ParsedFlags): Promise<number> {
  if (flags.own['once'] === true) return runDemoTour(context, flags)
  const stage = await openStage(context, flags, demoDefaults)
  const ended = new AbortController()
  const stopped = stopOnSignal(context, stage, ended)
  const style = createTerminalStyle(context)
  context.stdout.write(renderWelcome(context, stage, style))
  const { workspace, ids } = stage
  const delivery = deliverEvents(context, stage, ended.signal)
  const shown = showEvents(context, stage, style, ended.signal)
  const chatter = runChatter({ workspace, clock: context.clock, ids, signal: ended.signal })
  const code = await stopped
  delivery.stop()
  await Promise.all([chatter, shown])
  return code
}

/** The first signal ends the talk and drains. */
async function stopOnSignal(context: CliContext, stage: DemoStage, ended: AbortController) {
  await stage.signalled()
  ended.abort()
  context.stdout.write('\nStopping …\n')
  const { isClean } = await stage.stop()
  context.stdout.write('Stopped. The workspace and everything said in it are gone.\n')
  return isClean ? exitCodes.done : exitCodes.failed
}

/** Plays Slack: every event of the workspace goes to the real webhook, signed. */
function deliverEvents(context: CliContext, stage: DemoStage, signal: AbortSignal) {
  const sender = createSignedSender({
    url: stage.webhookUrl,
    signingSecret: stage.signingSecret,
    clock: context.clock,
    fetch: context.fetch,
    retryDelaysMs: slackRetryDelaysMs,
    signal,
  })
  const stop = stage.workspace.onEvent((envelope) => {
    void sender.send(JSON.stringify(envelope)).then(({ isAccepted, attempts }) => {
      if (isAccepted || signal.aborted) return
      const last = attempts.at(-1)
      context.stdout.write(
        `The webhook did not take ${envelope.event_id}: ${last?.status ?? last?.failure}\n`,
      )
    })
  })
  return { stop }
}

/** Shows each event once it has come out of the queue: it was signed, checked and kept by then. */
async function showEvents(
  { stdout, clock }: CliContext,
  { server, workspace }: DemoStage,
  style: TerminalStyle,
  signal: AbortSignal,
): Promise<void> {
  const timeOf = createTimeOf(clock)
  await server.events.subscribe({
    group: 'demo',
    signal,
    async handler({ event }) {
      const line = describeEvent(new TextDecoder().decode(event.bytes), workspace)
      const time = timeOf()
      const text = renderEventLine(time, line, stdout.columns)
      stdout.write(`${text.replace(time, style.dim(time))}\n`)
    },
  })
}

function createTimeOf(clock: Clock): () => string {
  const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return () => format.format(clock.now())
}

function renderWelcome(context: CliContext, stage: DemoStage, style: TerminalStyle): string {
  const { listening, mcpUrl, webhookUrl, bearer, config } = stage
  const sse = config.mcpTransport === 'sse' ? [`  MCP, SSE  ${mcpUrl}/sse   (for older clients)`] : []
  const docs = config.docsEnabled ? [`  Docs      ${listening.url}/docs`] : []
  const snippets = clientSnippets({ name: 'slack-demo', url: mcpUrl, token: bearer }).flatMap(
    ({ client, place, text }) => [`  ${style.bold(client)}, ${place}:`, `  ${text}`, ''],
  )
  return [
    '',
    `${style.bold(`${programName} ${context.build.version}`)} against Tidemark, a Slack workspace inside this process.`,
    'Nothing leaves this machine, and nothing of it stays.',
    '',
    `  MCP       ${mcpUrl}`,
    ...sse,
    `  Events    ${webhookUrl}`,
    `  Health    ${listening.url}/health`,
    ...docs,
    '',
    style.bold('1. Connect an AI client'),
    '',
    ...snippets,
    style.bold('2. Ask it'),
    '',
    '  “What is going on in #release? Answer Ana’s question in the thread, in three bullet points.”',
    '',
    `${style.bold('3. Watch')}: each line is an event that came in signed, was kept, and came out of the queue. Ctrl-C ends it.`,
    '',
    '',
  ].join('\n')
}
