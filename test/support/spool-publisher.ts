/**
 * A process to be killed: publishes through the spool as fast as it can, saying on stdout what was acknowledged (`a <id>`). Arguments: the URL of
 * Redis, the state directory, a prefix for its ids, the prefix of the process before it: some of those are sent once more, as Slack does after
 * a failure.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { SpoolQueue } from '../../src/queue/spool.ts'
import { queuedEvent, topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'

const publishersMax = 64
/** Ids of the process before that are sent once more. */
const repeatedMax = 100

const [url, stateDirectory, prefix, earlier] = process.argv.slice(2)
if (url === undefined || stateDirectory === undefined || prefix === undefined || earlier === undefined) {
  throw new Error('Four arguments are needed')
}
const queue = new SpoolQueue(
  {
    redis: { url: new Secret(url), topics: [topic] },
    spool: { directory: join(stateDirectory, 'queue'), pid: process.pid },
  },
  {
    clock: createSystemClock(),
    ids: createSystemIds(),
    log: new RecordingLogger(),
    metrics: new RecordingMetrics(),
  },
)
await queue.start()
// A pipe takes the line while the process lives: what the parent reads was true before the kill.
writeSync(1, 'ready\n')
let count = 0
await Promise.all(
  Array.from({ length: publishersMax }, async () => {
    for (;;) {
      const index = count++
      const ids = index < repeatedMax ? [`${earlier}-${index}`, `${prefix}-${index}`] : [`${prefix}-${index}`]
      for (const id of ids) {
        await queue.publish(queuedEvent({ id, bytes: new Uint8Array(200 + (index % 2_000)) }))
        writeSync(1, `a ${id}\n`)
      }
    }
  }),
)
