import type { LogFields, Logger, LogLevel } from '../../src/observe/logger.ts'

export interface RecordedLine {
  readonly level: LogLevel
  readonly event: string
  readonly fields: LogFields
}

/** A logger that keeps its lines; children write into the same list with their fields added. */
export class RecordingLogger implements Logger {
  readonly lines: RecordedLine[]
  readonly #fields: LogFields

  constructor(lines: RecordedLine[] = [], fields: LogFields = {}) {
    this.lines = lines
    this.#fields = fields
  }

  debug(event: string, fields?: LogFields | (() => LogFields)): void {
    this.#record('debug', event, typeof fields === 'function' ? fields() : fields)
  }

  info(event: string, fields?: LogFields): void {
    this.#record('info', event, fields)
  }

  warn(event: string, fields?: LogFields): void {
    this.#record('warn', event, fields)
  }

  error(event: string, fields?: LogFields): void {
    this.#record('error', event, fields)
  }

  child(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.#fields, ...fields })
  }

  /** The lines of one event, in order. */
  named(event: string): readonly RecordedLine[] {
    return this.lines.filter((line) => line.event === event)
  }

  #record(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.lines.push({ level, event, fields: { ...this.#fields, ...fields } })
  }
}
