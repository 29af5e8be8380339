import type { IntegratedApp } from '../app.ts'
import type { Config } from '../config/option-table.ts'

/** Where a server listens. */
export interface Listening {
  /** As this machine reaches it. */
  readonly url: string
  readonly host: string
  readonly port: number
}

/** Slack and MCP clients send at once; whoever is silent for longer holds a connection for nothing (T6). Streams lift this for themselves. */
const idleTimeoutSeconds = 10

/** Above every limit of ours, so that ours answer with a body that says what is wrong. */
const runtimeBodyBytesMax = 8 * 1024 * 1024

/** Opens the port. Throws what the system says (EADDRINUSE and the like): a second server on one port must not start silently. */
export function listen(app: IntegratedApp['app'], { host, port }: Pick<Config, 'host' | 'port'>): Listening {
  app.listen({
    hostname: host,
    port,
    reusePort: false,
    // The error page of the runtime shows sources.
    development: false,
    idleTimeout: idleTimeoutSeconds,
    maxRequestBodySize: runtimeBodyBytesMax,
  })
  const bound = app.server?.port ?? port
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, host, port: bound }
}
