import type { AppError } from '../base/errors.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'

/** Counts and logs an error that a client is answered instead of a result. Called once for each, by whoever answers. */
export type NoteRefusal = (error: AppError, correlationId: string) => void

export function createRefusalNote(log: Logger, metrics: Metrics): NoteRefusal {
  return (error, correlationId) => {
    const { code, component, details } = error
    metrics.increment('slackmcp_errors_total', { code, component })
    const fields = { correlation_id: correlationId, code, details, error: error.cause }
    // A defect of ours is told loudly; what the caller did wrong is the caller's to see.
    if (code === 'INTERNAL') log.error('mcp_request_failed', fields)
    else log.debug('mcp_request_refused', fields)
  }
}
