import type { BodyLimits, BodyResult } from '../base/body.ts'
import { readBody } from '../base/body.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { SlackNotice } from '../base/event-bus.ts'
import type { RequestContext } from '../base/request-context.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { QueueDriver, QueuedEvent } from '../queue/driver.ts'
import type { EventCallback, OtherEnvelope } from '../slack/envelope.ts'
import { isCertificateCheck } from '../slack/form-payload.ts'
import {
  readSignatureClaim,
  type SignatureClaim,
  type SignatureFault,
  type SigningKeys,
  signatureFaultReasons,
  type VerifiedBody,
  verifySignature,
} from '../slack/signature.ts'
import type { ClockSkew } from './clock-skew.ts'
import type { Intake } from './intake.ts'
import type { SecretAdvisor } from './secret-advisor.ts'

/** Slack's bodies are a few kilobytes; more than this is not an event. */
export const webhookBodyBytesMax = 1024 * 1024

export interface ReceiveDeps {
  readonly clock: Clock
  /** Asked at every request, so that a reload of the secrets takes effect. */
  readonly signingKeys: () => SigningKeys
  /** Must answer or refuse within Slack's 3 seconds: a deadline stands in front of the driver. */
  readonly queue: Pick<QueueDriver, 'publish'>
  readonly topic: string
  readonly bodyLimits: BodyLimits
  readonly log: Logger
  readonly metrics: Metrics
  readonly secretAdvisor: SecretAdvisor
  readonly clockSkew: ClockSkew
  /** Hears of every event after it was stored for the first time. */
  readonly announce: (notice: SlackNotice) => void
}

export type Receipt =
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'stored' | 'duplicate' | 'certificate_check' }

/** One request and where it arrived. */
export interface Arrival {
  readonly request: Request
  readonly context: RequestContext
  readonly intake: Intake
}

/**
 * From a request to a kept event. Resolves once the event is as durable as the queue promises; rejects with an AppError whose status makes Slack
 * send it again where that helps (503) and not otherwise.
 */
export async function receive(arrival: Arrival, deps: ReceiveDeps): Promise<Receipt> {
  const { request, intake } = arrival
  const arrivedAtMs = deps.clock.now()
  const claim = readSignatureClaim(request.headers, arrivedAtMs)
  if (typeof claim === 'string') return refuseUnsigned(arrival, claim, deps)
  requireMediaType(request, intake, deps)
  const bytes = bytesOf(await readBody(request, deps.bodyLimits), deps)
  const body = verified(arrival, { claim, bytes }, deps)
  deps.clockSkew.sawSigned(claim, arrivedAtMs)
  const envelope = intake.parse(body, claim)
  if (envelope === undefined) {
    if (intake.hasCertificateCheck && isCertificateCheck(body.bytes)) return certificateCheck(deps)
    count(deps, 'none', 'malformed')
    throw new AppError('WEBHOOK_BODY_INVALID')
  }
  if (envelope.kind === 'url_verification') {
    count(deps, 'url_verification', 'handshake')
    return { kind: 'challenge', challenge: envelope.challenge }
  }
  return keep(arrival, { body, envelope }, deps)
}

/** The one thing that Slack sends without a signature, where it sends it; everything else gets the 401. */
async function refuseUnsigned(arrival: Arrival, fault: SignatureFault, deps: ReceiveDeps): Promise<Receipt> {
  const { request, intake } = arrival
  if (!intake.hasCertificateCheck || fault !== 'missing') throw unauthorized(arrival, fault, deps)
  const limits = { ...deps.bodyLimits, bytesMax: certificateCheckBytesMax }
  const body = await readBody(request, limits)
  if (body.kind !== 'bytes' || !isCertificateCheck(body.bytes)) throw unauthorized(arrival, fault, deps)
  return certificateCheck(deps)
}

function certificateCheck(deps: ReceiveDeps): Receipt {
  count(deps, 'none', 'ignored')
  return { kind: 'certificate_check' }
}

/** `ssl_check=1&token=…`: what nobody signed is not worth reading further. */
const certificateCheckBytesMax = 4096

interface Claimed {
  readonly claim: SignatureClaim
  readonly bytes: Uint8Array
}

function verified(arrival: Arrival, { claim, bytes }: Claimed, deps: ReceiveDeps): VerifiedBody {
  const body = verifySignature(claim, bytes, deps.signingKeys())
  if (body === undefined) throw unauthorized(arrival, 'mismatch', deps)
  deps.secretAdvisor.sawValid()
  return body
}

/** One answer for every fault: a forger must not learn how far it came. */
function unauthorized({ context }: Arrival, fault: SignatureFault, deps: ReceiveDeps): AppError {
  count(deps, 'none', fault === 'stale' ? 'stale' : 'bad_signature')
  deps.metrics.increment('slackmcp_auth_failures_total', {
    surface: 'webhook',
    reason: signatureFaultReasons[fault],
  })
  deps.secretAdvisor.sawFault(fault, {
    nowMs: deps.clock.monotonic(),
    correlationId: context.correlationId,
  })
  return new AppError('WEBHOOK_UNAUTHORIZED', { cause: fault })
}

/** Anything compressed is refused rather than inflated: the signature is over the bytes as sent. */
function requireMediaType(request: Request, { mediaType }: Intake, deps: ReceiveDeps): void {
  const type = request.headers.get('content-type') ?? ''
  const isExpected = type === mediaType || type.split(';', 1)[0]?.trim().toLowerCase() === mediaType
  if (isExpected && request.headers.get('content-encoding') === null) return
  count(deps, 'none', 'malformed')
  throw new AppError('WEBHOOK_MEDIA_TYPE_UNSUPPORTED', { details: { expected: mediaType } })
}

function bytesOf(result: BodyResult, deps: ReceiveDeps): Uint8Array {
  switch (result.kind) {
    case 'bytes':
      return result.bytes
    case 'over_budget':
      deps.metrics.increment('slackmcp_rate_limiter_rejected_total', { scope: 'body_budget' })
      throw new AppError('OVERLOADED')
    case 'too_large':
      count(deps, 'none', 'malformed')
      throw new AppError('WEBHOOK_BODY_TOO_LARGE', { details: { bytes_max: deps.bodyLimits.bytesMax } })
    case 'broken_off':
      count(deps, 'none', 'malformed')
      throw new AppError('WEBHOOK_BODY_INVALID', { cause: 'the sender went away before the body ended' })
  }
}

interface Kept {
  readonly body: VerifiedBody
  readonly envelope: EventCallback | OtherEnvelope
}

async function keep(arrival: Arrival, kept: Kept, deps: ReceiveDeps): Promise<Receipt> {
  const event = asQueuedEvent(arrival, kept, deps)
  let outcome: 'stored' | 'duplicate'
  try {
    outcome = await deps.queue.publish(event)
  } catch (error) {
    count(deps, event.meta.type, 'queue_failed')
    throw error
  }
  count(deps, event.meta.type, outcome === 'stored' ? 'accepted' : 'duplicate')
  observe(arrival.context, kept.envelope, event, outcome, deps)
  if (outcome === 'stored') announce(kept.envelope, deps)
  return { kind: outcome }
}

function asQueuedEvent(arrival: Arrival, { envelope, body }: Kept, deps: ReceiveDeps): QueuedEvent {
  const { eventId, type, teamId, channelId } = envelope
  return {
    id: eventId,
    topic: deps.topic,
    key: channelId ?? teamId ?? '',
    bytes: body.bytes,
    meta: {
      eventId,
      type,
      teamId,
      channelId,
      receivedAtMs: deps.clock.now(),
      correlationId: arrival.context.correlationId,
      source: arrival.intake.source,
      retryNum: countRetry(arrival.request, deps),
    },
  }
}

/** Slack's retry number. It says nothing about whether the first try was stored, so it never decides what is a duplicate (T49). */
function countRetry(request: Request, deps: ReceiveDeps): number {
  const text = request.headers.get('x-slack-retry-num')
  if (text === null) return 0
  deps.metrics.increment('slackmcp_event_retries_total', {
    reason: request.headers.get('x-slack-retry-reason') ?? 'unknown_error',
  })
  return /^\d{1,3}$/.test(text) ? Number(text) : 0
}

function observe(
  context: RequestContext,
  envelope: Kept['envelope'],
  event: QueuedEvent,
  outcome: 'stored' | 'duplicate',
  deps: ReceiveDeps,
): void {
  const { metrics, clock, log } = deps
  const { type, teamId, eventId, correlationId, retryNum, receivedAtMs } = event.meta
  const elapsedMs = clock.monotonic() - context.startedAtMs
  metrics.observe('slackmcp_event_ack_duration_seconds', { event_type: type }, elapsedMs / 1000)
  if (envelope.kind === 'event_callback' && envelope.happenedAtMs !== undefined) {
    // event_time has whole seconds, so an event may seem to arrive before it happened.
    const lagMs = Math.max(0, receivedAtMs - envelope.happenedAtMs)
    metrics.observe('slackmcp_event_delivery_lag_seconds', { event_type: type }, lagMs / 1000)
  }
  log.info('webhook_event_received', {
    event_type: type,
    team_id: teamId,
    correlation_id: correlationId,
    event_id: eventId,
    outcome,
    retry_num: retryNum,
    duration_ms: elapsedMs,
  })
}

function announce(envelope: Kept['envelope'], deps: ReceiveDeps): void {
  if (envelope.kind !== 'event_callback') return
  const { event } = envelope
  deps.announce({
    eventId: envelope.eventId,
    type: envelope.type,
    teamId: envelope.teamId,
    channelId: envelope.channelId,
    userId: asText(event['user']),
    ts: asText(event['ts']),
    threadTs: asText(event['thread_ts']),
    event,
  })
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

type Outcome =
  | 'accepted'
  | 'duplicate'
  | 'handshake'
  | 'bad_signature'
  | 'stale'
  | 'malformed'
  | 'ignored'
  | 'queue_failed'

function count(deps: ReceiveDeps, eventType: string, outcome: Outcome): void {
  deps.metrics.increment('slackmcp_events_received_total', { event_type: eventType, outcome })
}
