import { withoutSlash } from '../base/http-url.ts'
import { isLoopbackHost } from '../base/ip-address.ts'
import { acceptedAdminTokens } from '../config/accepted-tokens.ts'
import type { Config } from '../config/option-table.ts'
import { createEventsDesk, type EventsDesk } from '../events/events-desk.ts'
import { AdminClient, ServerAwayError } from './admin-client.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { CommandFailure } from './command-failure.ts'
import { createRemoteDesk } from './events-remote.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { interruptible } from './interruptible.ts'
import { localAddress } from './local-address.ts'
import { urlOfFlag } from './url-flag.ts'
import { UsageError } from './usage-error.ts'

/** What a command that looks at events works with. */
export interface EventsWork {
  readonly desk: EventsDesk
  /** Aborts at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
}

/**
 * Runs a command over the events of this configuration: those of the running server where one answers, else those of the store itself, if it
 * can be reached without one. 69 where neither is there, 78 without a valid configuration, 130 after Ctrl-C.
 */
export async function withEvents(
  context: CliContext,
  flags: ParsedFlags,
  run: (work: EventsWork) => Promise<ExitCode>,
): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  return await interruptible(context, async (signal) => {
    const client =
      flags.own['offline'] === true ? undefined : await reachServer(context, flags, config, signal)
    if (client !== undefined) return await run({ desk: createRemoteDesk(client), signal })
    return await runOffline(context, config, (desk) => run({ desk, signal }))
  })
}

/** The running server; undefined where none answers and the store can be reached without one. Rejects with CommandFailure. */
export async function reachServer(
  context: CliContext,
  flags: ParsedFlags,
  config: Config,
  signal: AbortSignal,
): Promise<AdminClient | undefined> {
  try {
    return await connectServer(context, flags, { config, signal })
  } catch (error) {
    const mayFallBack = error instanceof ServerAwayError && flags.own['url'] === undefined && hasStore(config)
    if (!mayFallBack || signal.aborted) throw error
    context.stderr.write(`${error.message}; looking at ${config.queueBackendType} itself\n`)
    return undefined
  }
}

/** The running server, which answers and takes the admin token. Rejects with CommandFailure. */
export async function connectServer(
  context: CliContext,
  flags: ParsedFlags,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<AdminClient> {
  const client = createClient(context, flags, config)
  await client.reach(signal)
  return client
}

function createClient({ fetch, clock }: CliContext, { own }: ParsedFlags, config: Config): AdminClient {
  const [token] = acceptedAdminTokens(config)
  if (token === undefined) {
    throw new CommandFailure(
      'the admin token is missing: set ADMIN_TOKEN, or SLACK_SIGNING_SECRET from which it is derived',
      { exitCode: exitCodes.config },
    )
  }
  return new AdminClient({ url: serverUrl(own['url'], config), token, fetch, clock })
}

/** Where the admin routes of this configuration are, as this machine reaches them. Throws UsageError for a --url that is none. */
function serverUrl(given: string | true | undefined, config: Config): string {
  if (given !== undefined) return checkedUrl(String(given))
  const { host, port, adminHost, adminPort } = config
  const place = adminPort === undefined ? { host, port } : { host: adminHost, port: adminPort }
  if (place.port === 0)
    throw new UsageError('the port is 0: give the address that the server prints with --url')
  return `http://${localAddress(place)}`
}

/** The admin token must not travel in the clear, except within this machine. */
function checkedUrl(text: string): string {
  const url = urlOfFlag(text)
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new UsageError(
      '--url takes plain http for loopback alone: the admin token would travel in the clear',
    )
  }
  return withoutSlash(url)
}

/** Whether the events of this configuration can be reached without a running server. */
export function hasStore({ queueBackendType, stateDir, redisUrl }: Config): boolean {
  if (queueBackendType === 'sqlite') return stateDir !== undefined
  return queueBackendType === 'redis' && redisUrl !== undefined
}

async function runOffline(
  context: CliContext,
  config: Config,
  run: (desk: EventsDesk) => Promise<ExitCode>,
): Promise<ExitCode> {
  // Loaded only here: a server that runs has the backends loaded already.
  const { openStore } = await import('./events-offline.ts')
  const queue = await openStore(context, config)
  try {
    return await run(createEventsDesk({ queue, topic: config.slackEventsTopic, forwarder: undefined }))
  } finally {
    await queue.stop()
  }
}
