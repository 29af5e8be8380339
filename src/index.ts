/** The library: the whole server as a value, for those who embed it. Importing it does no work. */
// biome-ignore lint/performance/noBarrelFile: the one door for embedders; the binary does not enter through it
export { createIntegratedApp, type IntegratedApp } from './app.ts'
export type { StopReport } from './app-lifecycle.ts'
export type { GivenConfig, IntegratedAppOptions } from './app-options.ts'
export { type Clock, createSystemClock } from './base/clock.ts'
export { AppError } from './base/errors.ts'
export type { Ids } from './base/ids.ts'
export { Secret } from './base/secret.ts'
export type { Config } from './config/option-table.ts'
export type {
  EventHandlers,
  HandledEvent,
  HandlerOptions,
  SlackEventHandler,
} from './events/event-handlers.ts'
export type { EventStream, EventSubscription } from './events/event-stream.ts'
export type {
  AppMentionEvent,
  MembershipEvent,
  MessageEvent,
  ReactionEvent,
  SlackEventBase,
  SlackEvents,
} from './events/slack-event.ts'
export type { Health } from './http/health.ts'
export { createLogger, type LoggerOptions, type RootLogger } from './observe/line-logger.ts'
export type { LogFields, Logger, LogLevel } from './observe/logger.ts'
export { createRedactor, type Redactor } from './observe/redaction.ts'
export {
  parseTraceContext,
  renderTraceContext,
  type TraceContext,
} from './observe/trace-context.ts'
export type { Span, SpanAttributes, SpanKind, SpanOptions, Tracer } from './observe/tracer.ts'
export type { Delivery, EventHandler, EventMeta, QueueBackend, QueuedEvent } from './queue/driver.ts'
export type { SlackAnswer, SlackApi, SlackIdentity } from './slack/api.ts'
export { initializeSlackClient, type SlackClient } from './slack/client.ts'
export type { SlackFetch } from './slack/exchange.ts'
export { signBody } from './slack/signature.ts'
