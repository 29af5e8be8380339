import type { Secret } from '../base/secret.ts'
import { acceptedAdminTokens, acceptedMcpTokens, forwardSecretOf } from '../config/accepted-tokens.ts'
import type { Config } from '../config/option-table.ts'
import { createLogger, type RootLogger } from '../observe/line-logger.ts'
import { createLineWriter, type LineWriter } from '../observe/line-writer.ts'
import { createRedactor } from '../observe/redaction.ts'
import { type CliContext, programName } from './cli-context.ts'
import { takesEmphasis } from './terminal-style.ts'

export interface ServerLog {
  readonly log: RootLogger
  /** Takes over the level of another configuration, and masks its secrets beside those known before. */
  adopt(config: Config): void
  /** Waits until what was logged has left the process, at most `flushDeadlineMs`. */
  flush(): Promise<void>
}

/** A reader that is slower than this at the end loses the last lines rather than keeping the process. */
const flushDeadlineMs = 1000

/** The log of a server process: JSON lines for machines, pretty for a person at a terminal, every secret of the configuration masked. */
export async function createServerLog(
  context: CliContext,
  config: Config,
  stream: 'stdout' | 'stderr',
): Promise<ServerLog> {
  const { isTerminal } = context[stream]
  const isPretty = config.logFormat === 'pretty' || (config.logFormat === 'auto' && isTerminal)
  const writer: LineWriter = createLineWriter(context.logStream(stream), {
    clock: context.clock,
    onDropped: (lineCount) => log.warn('log_lines_dropped', { line_count: lineCount }),
  })
  const render = isPretty ? await loadPrettyRenderer(takesEmphasis(context[stream], context.env)) : undefined
  const redactor = createRedactor(secretsOf(config))
  const log = createLogger({
    write: (line) => writer.write(render === undefined ? line : render(line)),
    level: config.logLevel,
    redactor,
    clock: context.clock,
    base: { service: programName, version: context.build.version },
  })
  return {
    log,
    adopt(next) {
      for (const secret of secretsOf(next)) redactor.hide(secret)
      log.setLevel(next.logLevel)
    },
    flush: () => writer.flush(context.clock, flushDeadlineMs),
  }
}

/** Loaded only where a person looks on: services start without it. */
async function loadPrettyRenderer(isColoured: boolean): Promise<(line: string) => string> {
  const { createPrettyRenderer } = await import('../observe/pretty-line.ts')
  return createPrettyRenderer(isColoured)
}

/** Whatever of the configuration would let its reader in somewhere, the derived tokens included. */
function secretsOf(config: Config): readonly Secret[] {
  const { slackBotToken, slackUserToken, slackSigningSecret, redisUrl } = config
  const headers = config.tracesHeaders.map(({ value }) => value)
  const accepted = [...acceptedMcpTokens(config).map(({ token }) => token), ...acceptedAdminTokens(config)]
  const forward = forwardSecretOf(config)
  return [
    slackBotToken,
    slackUserToken,
    ...slackSigningSecret,
    redisUrl,
    forward,
    ...headers,
    ...accepted,
  ].filter((secret) => secret !== undefined)
}
