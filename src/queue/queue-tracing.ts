import { parseTraceContext, renderTraceContext, type TraceTexts } from '../observe/trace-context.ts'
import { type Tracer, traced } from '../observe/tracer.ts'
import type { EventMeta, QueuedEvent, Subscription } from './driver.ts'
import { failureReason } from './failure-reason.ts'

/** What an event, or what a store holds of one, says of its trace: the fields that are there, and none without the first. */
export function traceOf({ traceparent, tracestate }: TraceTexts): {
  readonly traceparent?: string
  readonly tracestate?: string
} {
  if (!traceparent) return {}
  return tracestate ? { traceparent, tracestate } : { traceparent }
}

/**
 * Publishing and handling as spans of one trace, whenever and wherever the event is handled: the context travels in its meta, beside the bytes.
 * Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export class QueueTracing {
  readonly #tracer: Tracer
  readonly #system: string

  constructor(tracer: Tracer, system: string) {
    this.#tracer = tracer
    this.#system = system
  }

  /** Publishes with `publish`, which gets the event with its context. */
  publish<Outcome extends string>(
    event: QueuedEvent,
    publish: (carrier: QueuedEvent) => Promise<Outcome>,
  ): Promise<Outcome> {
    const attributes = this.#attributes('send', event)
    return traced(this.#tracer, [`send ${event.topic}`, { kind: 'producer', attributes }], async (span) => {
      const { context } = span
      const outcome = await publish(
        context === undefined ? event : { ...event, meta: { ...event.meta, ...renderTraceContext(context) } },
      )
      span.set({ 'slackmcp.publish.outcome': outcome })
      return outcome
    })
  }

  /** The subscription with a span around each try, under the one that published the event. */
  subscription(subscription: Subscription): Subscription {
    const { group, handler } = subscription
    return {
      ...subscription,
      handler: async (delivery, signal) => {
        const { event, attempt } = delivery
        const span = this.#tracer.startSpan(`process ${event.topic}`, {
          kind: 'consumer',
          // Kept before tracing was on, it has none; it is not a part of whatever woke the handler.
          parent: contextOf(event.meta) ?? null,
          attributes: {
            ...this.#attributes('process', event),
            'messaging.consumer.group.name': group,
            'slackmcp.delivery.attempt': attempt,
          },
        })
        try {
          await this.#tracer.run(span, () => handler(delivery, signal))
        } catch (thrown) {
          span.fail(failureReason(thrown))
          throw thrown
        } finally {
          span.end()
        }
      },
    }
  }

  #attributes(operation: 'send' | 'process', { topic, meta }: QueuedEvent) {
    return {
      'messaging.system': this.#system,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': topic,
      'messaging.message.id': meta.eventId,
      'slack.event.type': meta.type,
      'slack.team.id': meta.teamId,
      'slack.retry.num': meta.retryNum,
      'slackmcp.correlation_id': meta.correlationId,
    }
  }
}

/** Others may write to a store, so it is parsed like everything that comes from outside. */
function contextOf({ traceparent, tracestate }: Pick<EventMeta, keyof TraceTexts>) {
  return parseTraceContext(traceparent, tracestate)
}
