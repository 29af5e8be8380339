import { composeApp } from '../../../src/app.ts'
import { createSystemClock } from '../../../src/base/clock.ts'
import { listen } from '../../../src/cli/listen.ts'
import { createLogger } from '../../../src/observe/line-logger.ts'
import { createLineWriter } from '../../../src/observe/line-writer.ts'
import { createRedactor } from '../../../src/observe/redaction.ts'
import { configOf, load } from '../../support/load-config.ts'

/** A program that embeds the server and handles every message in its own process. Configured by the environment and logging as `serve` does. */

const clock = createSystemClock()
const { PATH: _path, HOME: _home, ...env } = process.env
const config = configOf(load({ purpose: 'serve', env }))
const writer = createLineWriter(process.stdout, { clock })
const logger = createLogger({
  write: (line) => writer.write(line),
  level: config.logLevel,
  redactor: createRedactor(config.slackSigningSecret),
  clock,
  base: { service: 'bench' },
})
const server = composeApp(config, { logger, clock, pid: process.pid })
server.events.on('message', async () => undefined)
await server.start()
logger.info('server_started', { url: listen(server.app, config).url })
