import { prettyFactory } from 'pino-pretty'

/**
 * How a person at a terminal sees the lines of `createLogger`:
 * `[12:01:07.123] INFO: webhook_event_received {"event_type":"message"}`. Values stay on their line; the stack of `error` follows indented, so
 * that a line feed inside it cannot pass for another line.
 */
export function createPrettyRenderer(isColoured: boolean): (line: string) => string {
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
