import type { LiveRules } from './app-rules.ts'
import type { Clock } from './base/clock.ts'
import { buildInfo } from './build-info.ts'
import type { Config } from './config/option-table.ts'
import { HandlerRegistry } from './events/event-handlers.ts'
import { Forwarder } from './events/forwarder.ts'
import type { Logger } from './observe/logger.ts'
import type { Metrics } from './observe/metrics.ts'
import type { Tracer } from './observe/tracer.ts'
import type { QueueBackend } from './queue/driver.ts'
import type { SlackClient } from './slack/client.ts'

export interface AppEventsDeps {
  readonly config: Config
  readonly rules: LiveRules
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer | undefined
  readonly queue: QueueBackend
  readonly slack: SlackClient
}

/** Handlers usually wait for something else: so many of one group may wait at once. */
const handlersRunningMax = 16

/** The registry behind `events.on` and `events.use`. */
export function createHandlers({ config, queue, slack, log }: AppEventsDeps): HandlerRegistry {
  return new HandlerRegistry({
    queue,
    topic: config.slackEventsTopic,
    own: () => ({ userId: slack.identity()?.userId, botId: slack.identity()?.botId }),
    log,
    concurrencyMax: handlersRunningMax,
  })
}

/** Delivery to FORWARD_URL; undefined without one. Throws TypeError where nothing is there to sign with. */
export function createForwarder({
  config,
  rules,
  clock,
  queue,
  log,
  metrics,
  tracer,
}: AppEventsDeps): Forwarder | undefined {
  const { forwardUrl: url } = config
  if (url === undefined || !config.webhookEnabled) return undefined
  const { forwardSecret: secret } = rules.now()
  if (secret === undefined)
    throw new TypeError(
      'forwardSecret: is required by forwardUrl where there is no slackSigningSecret to derive it from',
    )
  return new Forwarder(
    {
      url,
      // A reload that leaves nothing to sign with is refused by the rules of the options.
      secret: () => rules.now().forwardSecret ?? secret,
      patterns: config.forwardEvents,
      timeoutMs: config.forwardTimeoutSeconds * 1_000,
      concurrencyMax: config.forwardConcurrency,
      isOrdered: config.forwardOrdered,
      userAgent: `slack-integrated-server/${buildInfo.version}`,
    },
    {
      queue,
      topic: config.slackEventsTopic,
      clock,
      log,
      metrics,
      tracer,
      fetch: (target, init) => fetch(target, init),
    },
  )
}
