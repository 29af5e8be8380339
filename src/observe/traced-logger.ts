import type { LogFields, Logger } from './logger.ts'
import type { Tracer } from './tracer.ts'

/** Adds `trace_id` and `span_id` to what is logged while a span is active, so that a line leads to its trace. */
export function createTracedLogger(log: Logger, tracer: Pick<Tracer, 'active'>): Logger {
  const withTrace = (fields: LogFields): LogFields => {
    const active = tracer.active()
    return active === undefined ? fields : { ...fields, trace_id: active.traceId, span_id: active.spanId }
  }
  return {
    debug(event, fields = {}) {
      // Who is active is asked when the line is written: that is at once, or never.
      log.debug(event, () => withTrace(typeof fields === 'function' ? fields() : fields))
    },
    info: (event, fields = {}) => log.info(event, withTrace(fields)),
    warn: (event, fields = {}) => log.warn(event, withTrace(fields)),
    error: (event, fields = {}) => log.error(event, withTrace(fields)),
    child: (fields) => createTracedLogger(log.child(fields), tracer),
  }
}
