import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

const ignore = () => undefined

/** For whoever writes no log: a library unless it is told to, a command that answers a person. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
}

/** For a command that ends before anybody could scrape it. */
export const silentMetrics: Metrics = { increment: ignore, set: ignore, observe: ignore }
