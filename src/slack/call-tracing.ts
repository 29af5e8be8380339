import { AppError } from '../base/errors.ts'
import { type Span, type Tracer, traced } from '../observe/tracer.ts'
import type { SlackMethod } from './method-table.ts'

export interface CallTracing {
  readonly tracer: Tracer
  /** Of the Web API. */
  readonly host: string
}

/** A call with all its requests as one span: which method, what Slack said; never what was asked or answered. */
export function traceCall<Answer>(
  { tracer, host }: CallTracing,
  method: SlackMethod,
  call: (span: Span) => Promise<Answer>,
): Promise<Answer> {
  const attributes = { 'slack.api.method': method, 'http.request.method': 'POST', 'server.address': host }
  return traced(tracer, [`slack ${method}`, { kind: 'client', attributes }], async (span) => {
    try {
      return await call(span)
    } catch (thrown) {
      const slackError = thrown instanceof AppError ? thrown.details['slack_error'] : undefined
      if (typeof slackError === 'string') span.set({ 'slack.api.error': slackError })
      throw thrown
    }
  })
}
