import { composeApp, type IntegratedApp } from '../app.ts'
import type { Clock } from '../base/clock.ts'
import { createSystemIds, type Ids } from '../base/ids.ts'
import { isLoopbackHost } from '../base/ip-address.ts'
import { acceptedMcpTokens, derivedPrincipal } from '../config/accepted-tokens.ts'
import type { Config } from '../config/option-table.ts'
import { unrestrictedPolicy } from '../mcp/auth.ts'
import { clockSkewMaxSeconds, signBody } from '../slack/signature.ts'
import { intakes } from '../webhook/intake.ts'
import { type CliContext, programName } from './cli-context.ts'
import { type Check, checksOf } from './doctor-check.ts'
import { exitCodes } from './exit-codes.ts'
import { offeredTools } from './offered-tools.ts'

/** What the server itself answers: built as `serve` builds it, asked in this process, without a port and with a queue that forgets. */
export async function checkApp(context: CliContext, config: Config): Promise<readonly Check[]> {
  const { clock, fetch, pid } = context
  const app = composeApp(
    { ...config, queueBackendType: 'memory', forwardUrl: undefined, adminPort: undefined },
    { clock, fetch, pid },
  )
  try {
    return [...(await checkEvents(context, config, app)), ...checkMcp(config, app)]
  } finally {
    await app.slack.stop()
    await app.stop()
  }
}

/** One handshake to be sent. */
export interface Trial {
  readonly secret: string
  readonly timestamp: number
  readonly challenge: string
}

async function checkEvents(
  { clock }: CliContext,
  config: Config,
  app: IntegratedApp,
): Promise<readonly Check[]> {
  const { off } = checksOf('events')
  if (!config.webhookEnabled) return [off('the webhook is off')]
  const secrets = config.slackSigningSecret.map((secret) => secret.reveal())
  const tested = await selfTest((trial) => handshake(app, trial), { secrets, clock, ids: createSystemIds() })
  return [judgeSelfTest(tested), ...whereSlackPosts(config)]
}

export interface SelfTestDeps {
  readonly secrets: readonly string[]
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly ids: Pick<Ids, 'token'>
}

/** A handshake signed with each secret, one with a secret of nobody, and one that is right but for its age. */
export async function selfTest(
  send: (trial: Trial) => Promise<HandshakeOutcome>,
  { secrets, clock, ids }: SelfTestDeps,
): Promise<SelfTest> {
  const timestamp = Math.floor(clock.now() / 1000)
  const post = (secret: string, at: number) =>
    send({ secret, timestamp: at, challenge: ids.token(challengeBytes) })
  const startedAtMs = clock.monotonic()
  const signed: HandshakeOutcome[] = []
  for (const secret of secrets) signed.push(await post(secret, timestamp))
  const elapsedMs = (clock.monotonic() - startedAtMs) / Math.max(1, secrets.length)
  const forged = await post(ids.token(challengeBytes), timestamp)
  const stale = await post(secrets[0] ?? '', timestamp - clockSkewMaxSeconds - 1)
  return { signed, forged, stale, elapsedMs }
}

/** What became of the handshakes of a self-test: one for each signing secret, one that is forged, one that is stale. */
export interface SelfTest {
  readonly signed: readonly HandshakeOutcome[]
  readonly forged: HandshakeOutcome
  readonly stale: HandshakeOutcome
  readonly elapsedMs: number
}

/** Good where every signed handshake is answered, and 401 is the answer to every other. */
export function judgeSelfTest({ signed, forged, stale, elapsedMs }: SelfTest): Check {
  const { ok, fail } = checksOf('events')
  const isGood = signed.every((outcome) => outcome === 'answered') && forged === 401 && stale === 401
  if (isGood) {
    return ok(
      `self-test: a signed handshake is answered in ${elapsedMs.toFixed(1)} ms, a forged and a stale one are refused with 401`,
    )
  }
  return fail(
    exitCodes.failed,
    `self-test: signed ${signed.join(', ')}; forged ${forged}; stale ${stale}`,
    'Run it once more: a clock that is set meanwhile does this. Else it is a defect of the server: please report it.',
  )
}

function whereSlackPosts({ publicUrl }: Config): readonly Check[] {
  const { ok, warn } = checksOf('events')
  if (publicUrl === undefined) return [ok(`Slack posts to https://<your host>${intakes.events.path}`)]
  const url = `${publicUrl}${intakes.events.path}`
  return [
    publicUrl.startsWith('https:')
      ? ok(`Slack posts to ${url}`)
      : warn(`Slack does not post to ${url}`, 'Set PUBLIC_URL to the https URL in front of the server.'),
  ]
}

const challengeBytes = 24

/** `answered` where the challenge came back, else the status. */
export type HandshakeOutcome = 'answered' | number

async function handshake(
  app: IntegratedApp,
  { secret, timestamp, challenge }: Trial,
): Promise<HandshakeOutcome> {
  const body = JSON.stringify({ type: 'url_verification', challenge })
  const response = await app.app.handle(
    new Request(`http://localhost${intakes.events.path}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': intakes.events.mediaType,
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(secret, timestamp, body),
      },
    }),
  )
  const text = await response.text()
  return response.status === 200 && text.includes(challenge) ? 'answered' : response.status
}

function checkMcp(config: Config, { mcp }: IntegratedApp): readonly Check[] {
  const { ok, off, warn } = checksOf('mcp')
  if (mcp === undefined) return [off('MCP is off')]
  const count = mcp.index.listTools({ ...unrestrictedPolicy, isReadOnly: config.mcpReadOnly }).length
  const offered = offeredTools(config, { hasUserToken: config.slackUserToken !== undefined })
  const writing = offered.filter(({ effect }) => effect !== 'read').length
  const where = `${config.host}:${config.port}${config.mcpMountPath}`
  return [
    count > 0
      ? ok(`${count} tools (${writing} of them write) at ${where}, ${config.mcpTransport}`)
      : warn(`no tool is offered at ${where}`, 'Look at MCP_TOOLSETS, MCP_EXCLUDE_TOOLS and MCP_READ_ONLY.'),
    ok(doorText(config)),
  ]
}

function doorText(config: Config): string {
  if (config.mcpAuth.includes('none')) return 'open to this machine alone, without a token'
  const names = [...new Set(acceptedMcpTokens(config).map(({ name }) => name))]
  const tokens = names.includes(derivedPrincipal)
    ? `a derived token ("${programName} token" prints it)`
    : `the tokens of ${names.join(', ')}`
  const slack = config.mcpAuth.includes('slack') ? ", and Slack's own client by its signature" : ''
  const reach = isLoopbackHost(config.host)
    ? 'reachable from this machine alone'
    : 'reachable from other machines'
  return `let in: ${tokens}${slack}; ${reach}`
}
