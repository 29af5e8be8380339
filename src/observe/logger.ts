/** Severity, from the least to the most important. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof logLevels)[number]

/** Values of one log line. Never message text, bodies or tokens; `error` takes what was thrown. */
export type LogFields = Readonly<Record<string, unknown>>

/** One line per call. `event` is a constant snake_case name (component_noun_past-verb); what varies goes into `fields`. */
export interface Logger {
  /** `fields` may be a function, called only where the line is written: for lines on hot paths. */
  debug(event: string, fields?: LogFields | (() => LogFields)): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A logger that adds `fields` to every line; they are read when it first writes one. */
  child(fields: LogFields): Logger
}
