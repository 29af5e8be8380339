import { BodyBudget } from '../../src/base/body.ts'
import { AppError } from '../../src/base/errors.ts'
import type { SlackNotice } from '../../src/base/event-bus.ts'
import { createHttpApp } from '../../src/http/server.ts'
import type { QueuedEvent } from '../../src/queue/driver.ts'
import { createSigningKeys, signBody } from '../../src/slack/signature.ts'
import { ClockSkew } from '../../src/webhook/clock-skew.ts'
import { componentOfPath } from '../../src/webhook/intake.ts'
import { type ReceiveDeps, webhookBodyBytesMax } from '../../src/webhook/receive.ts'
import { createWebhookRoutes } from '../../src/webhook/route.ts'
import { SecretAdvisor } from '../../src/webhook/secret-advisor.ts'
import { FakeClock } from './fake-clock.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { sequentialIds } from './sequential-ids.ts'

export const signingSecret = 'test-signing-secret-12345'

/** A queue that keeps what it is given, once per id, or fails as told. */
export class RecordingQueue {
  readonly events: QueuedEvent[] = []
  failure: AppError | undefined

  async publish(event: QueuedEvent): Promise<'stored' | 'duplicate'> {
    if (this.failure !== undefined) throw this.failure
    if (this.events.some((stored) => stored.id === event.id)) return 'duplicate'
    this.events.push(event)
    return 'stored'
  }
}

export interface SignedPost {
  readonly headers?: Readonly<Record<string, string>>
  readonly secret?: string
  readonly ageSeconds?: number
  /** Default `/slack/events`. */
  readonly path?: string
}

/** The webhook behind the real edge and error mapping, without a port. */
export function createWebhookFixture(overrides: Partial<ReceiveDeps> = {}) {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const queue = new RecordingQueue()
  const notices: SlackNotice[] = []
  const keys = createSigningKeys([signingSecret])
  const deps: ReceiveDeps = {
    clock,
    signingKeys: () => keys,
    queue,
    topic: 'slack.events',
    bodyLimits: { bytesMax: webhookBodyBytesMax, budget: new BodyBudget(64 * 1024 * 1024) },
    log,
    metrics,
    secretAdvisor: new SecretAdvisor(log),
    clockSkew: new ClockSkew({ clock, log, metrics }),
    announce: (notice) => notices.push(notice),
    ...overrides,
  }
  const { app } = createHttpApp({
    clock,
    ids: sequentialIds(),
    log,
    metrics,
    componentOf: componentOfPath,
    routes: (contexts) => [createWebhookRoutes(deps, contexts)],
  })
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    { headers = {}, secret, ageSeconds = 0, path = '/slack/events' }: SignedPost = {},
  ) => {
    const timestamp = Math.floor(clock.now() / 1000) - ageSeconds
    return app.handle(
      new Request(`http://localhost${path}`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-slack-request-timestamp': String(timestamp),
          'x-slack-signature': signBody(secret ?? signingSecret, timestamp, body),
          ...headers,
        },
      }),
    )
  }
  return { app, clock, log, metrics, queue, notices, post }
}

export const queueUnavailable = new AppError('QUEUE_UNAVAILABLE', { details: { backend: 'recording' } })
