/**
 * A process to be killed: publishes as fast as it can and consumes what it published, saying on stdout what was acknowledged (`a <id>`) and what
 * a handler got (`d <id>`), each before it goes on. Arguments: the queue's options as JSON, a prefix for its ids, the prefix of the process
 * before it: some of those are sent once more, as Slack does after a failure.
 */
import { writeSync } from 'node:fs'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { createQueueBackend, type QueueOptions } from '../../src/queue/registry.ts'
import { queuedEvent, topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'

/** As many as Slack and its retries keep under way at once in a bad minute. */
const publishersMax = 64
const handlersMax = 16
/** Ids of the process before that are sent once more. */
const repeatedMax = 100

// A pipe takes the line while the process lives: what the parent reads was true before the kill.
const say = (line: string) => writeSync(1, `${line}\n`)

async function publish(queue: QueueBackend, id: string, size: number): Promise<void> {
  await queue.publish(queuedEvent({ id, key: `C${size % 7}`, bytes: new Uint8Array(size) }))
  say(`a ${id}`)
}

async function publishFor(queue: QueueBackend, prefix: string, earlier: string): Promise<void> {
  let count = 0
  const publishNext = async (): Promise<never> => {
    for (;;) {
      const index = count++
      if (index < repeatedMax) await publish(queue, `${earlier}-${index}`, 300)
      await publish(queue, `${prefix}-${index}`, 200 + (index % 2_000))
    }
  }
  await Promise.race(Array.from({ length: publishersMax }, publishNext))
}

const [options, prefix, earlier] = process.argv.slice(2)
if (options === undefined || prefix === undefined || earlier === undefined) {
  throw new Error('Three arguments are needed')
}
// Only a URL is more than what JSON says.
const revived = JSON.parse(options, (key, value) =>
  key === 'url' ? new Secret(value) : value,
) as QueueOptions
const queue = createQueueBackend(revived, {
  clock: createSystemClock(),
  ids: createSystemIds(),
  log: new RecordingLogger(),
  metrics: new RecordingMetrics(),
})
await queue.start()
void queue.subscribe({
  topic,
  group: 'g',
  concurrencyMax: handlersMax,
  handler: async ({ event }) => {
    say(`d ${event.id}`)
  },
  signal: new AbortController().signal,
})
say('ready')
await publishFor(queue, prefix, earlier)
