import { expect, test } from 'bun:test'
import {
  createLogger,
  createRedactor,
  createSystemClock,
  type Ids,
  type IntegratedAppOptions,
  type LoggerOptions,
  type RootLogger,
  Secret,
  type SlackFetch,
} from '../../src/index.ts'

test('an embedder makes a logger, and everything else that the options take, from the one door', () => {
  const lines: string[] = []
  const options: LoggerOptions = {
    write: (line) => lines.push(line),
    level: 'info',
    redactor: createRedactor([new Secret('canary-value')]),
    clock: createSystemClock(),
    base: { service: 'embedder' },
  }
  const logger: RootLogger = createLogger(options)
  const fetch: SlackFetch = (url, init) => globalThis.fetch(url, init)
  const ids: Pick<Ids, 'random'> = { random: () => 0 }
  const taken: IntegratedAppOptions = { logger, fetch }
  taken.logger?.info('embedder_started', { text: 'canary-value', random: ids.random() })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'embedder_started', service: 'embedder', text: '[redacted]', random: 0 },
  ])
})
