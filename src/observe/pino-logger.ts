import { pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Clock } from '../base/clock.ts'
import { asLogFields } from './log-value.ts'
import { type LogFields, type Logger, type LogLevel, logLevels } from './logger.ts'
import type { Redactor } from './redaction.ts'

export interface LoggerOptions {
  /** Takes one whole line, line feed included. Must not throw; see createLineWriter. */
  readonly write: (line: string) => void
  readonly level: LogLevel
  /** `json`: one object per line. `pretty`: for a person at a terminal. */
  readonly format: 'json' | 'pretty'
  /** Colours in `pretty`. Default false. */
  readonly isColoured?: boolean
  readonly redactor: Redactor
  readonly clock: Pick<Clock, 'now'>
  /** On every line: `service`, `version`. */
  readonly base: LogFields
}

/** The logger of a process; its level holds for all its children. */
export interface RootLogger extends Logger {
  level(): LogLevel
  /** Takes effect at once, also for loggers handed out before. */
  setLevel(level: LogLevel): void
}

/**
 * One line per call: `time` (RFC 3339, ms, UTC), `level`, `msg` (the event), the base fields, then the fields, redacted and bounded. Built on pino
 * without a transport: pino's transports are worker threads that look for their files at run time, which a compiled binary does not have.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const { write, redactor, clock } = options
  const render = options.format === 'pretty' ? createPrettyRenderer(options.isColoured === true) : undefined
  const output = pino(
    {
      base: null,
      level: 'trace',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    { write: (line: string) => write(render === undefined ? line : render(line)) },
  )
  const base = asLogFields(options.base, redactor)
  const reserved = new Set(['time', 'level', 'msg', ...Object.keys(base)])
  return new PinoLogger({ output, redactor, reserved, threshold: { level: options.level } }, base)
}

interface Sink {
  readonly output: Pick<pino.Logger, LogLevel>
  readonly redactor: Redactor
  /** Names that are ours: a field of the same name is moved aside, so that no value can pass for the time or the event of a line. */
  readonly reserved: ReadonlySet<string>
  readonly threshold: { level: LogLevel }
}

class PinoLogger implements RootLogger {
  readonly #sink: Sink
  /** Clean already, and merged for each line: bound in pino, a name would be written twice where a line repeats it. */
  readonly #bound: LogFields

  constructor(sink: Sink, bound: LogFields) {
    this.#sink = sink
    this.#bound = bound
  }

  level(): LogLevel {
    return this.#sink.threshold.level
  }

  setLevel(level: LogLevel): void {
    this.#sink.threshold.level = level
  }

  debug(event: string, fields?: LogFields | (() => LogFields)): void {
    if (rank.debug < rank[this.#sink.threshold.level]) return
    this.#log('debug', event, typeof fields === 'function' ? fields() : fields)
  }

  info(event: string, fields?: LogFields): void {
    this.#log('info', event, fields)
  }

  warn(event: string, fields?: LogFields): void {
    this.#log('warn', event, fields)
  }

  error(event: string, fields?: LogFields): void {
    this.#log('error', event, fields)
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#sink, this.#with(fields))
  }

  #log(level: LogLevel, event: string, fields: LogFields | undefined): void {
    const { output, threshold } = this.#sink
    if (rank[level] < rank[threshold.level]) return
    output[level](fields === undefined ? this.#bound : this.#with(fields), event)
  }

  #with(fields: LogFields): LogFields {
    const { redactor, reserved } = this.#sink
    const merged: Record<string, unknown> = Object.assign(Object.create(null), this.#bound)
    const own = asLogFields(fields, redactor)
    for (const name in own) merged[reserved.has(name) ? `field_${name}` : name] = own[name]
    return merged
  }
}

const rank = Object.fromEntries(logLevels.map((level, index) => [level, index])) as Record<LogLevel, number>

/**
 * `[12:01:07.123] INFO: webhook_event_received {"event_type":"message"}`. Values stay on their line; the stack of `error` follows indented, so
 * that a line feed inside it cannot pass for another line.
 */
function createPrettyRenderer(isColoured: boolean): (line: string) => string {
  const pretty = prettyFactory({
    colorize: isColoured,
    colorizeObjects: false,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'service,version',
    errorLikeObjectKeys: [],
  })
  return (line) => {
    const { error, ...record }: Record<string, unknown> = JSON.parse(line)
    if (typeof error !== 'object' || error === null || !('stack' in error))
      return pretty({ ...record, error })
    const { stack, ...rest } = error
    return `${pretty({ ...record, error: rest })}    ${String(stack).replaceAll('\n', '\n    ')}\n`
  }
}
