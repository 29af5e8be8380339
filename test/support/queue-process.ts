/**
 * A queue in a process of its own, driven by lines of JSON on stdin and answering with one line each. Arguments: the queue's options as JSON.
 * `{"publish": id}` -> what became of it · `{"ping": 1}` -> `ok` or a code · `{"gap": 1}` -> the longest time that the event loop stood still since the
 * last such question, milliseconds · `{"depth": 1}` -> the depth · `{"consume": killers}` -> nothing: prints `took <id>`, and ends the process hard
 * during an event whose id begins with one of `killers`.
 */
import { writeSync } from 'node:fs'
import { createSystemClock, repeat } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createQueueBackend, type QueueOptions } from '../../src/queue/registry.ts'
import { queuedEvent, topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'

type Question =
  | { readonly publish: string }
  | { readonly ping: number }
  | { readonly gap: number }
  | { readonly depth: number }
  | { readonly consume: readonly string[] }

const tickMs = 5
const clock = createSystemClock()
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)
const codeOf = (error: unknown) => (error as { readonly code?: string }).code ?? String(error)

const queue = createQueueBackend(JSON.parse(process.argv[2] ?? '{}') as QueueOptions, {
  clock,
  ids: createSystemIds(),
  log: new RecordingLogger(),
  metrics: new RecordingMetrics(),
})

let lastTickMs = clock.monotonic()
let gapMs = 0
repeat(clock, tickMs, () => {
  const nowMs = clock.monotonic()
  gapMs = Math.max(gapMs, nowMs - lastTickMs)
  lastTickMs = nowMs
})

async function answer(question: Question): Promise<unknown> {
  if ('publish' in question) return await queue.publish(queuedEvent({ id: question.publish })).catch(codeOf)
  if ('ping' in question) return await queue.ping().then(() => 'ok', codeOf)
  if ('depth' in question) return await queue.depth().catch(codeOf)
  if ('consume' in question) return consume(question.consume)
  const answered = Math.round(gapMs)
  gapMs = 0
  return answered
}

function consume(killers: readonly string[]): string {
  void queue.subscribe({
    topic,
    group: 'g',
    concurrencyMax: 4,
    handler: async ({ event, attempt }) => {
      say(`took ${event.id}/${attempt}`)
      if (killers.some((killer) => event.id.startsWith(killer))) process.kill(process.pid, 'SIGKILL')
    },
    signal: new AbortController().signal,
  })
  return 'consuming'
}

await queue.start()
say('ready')
for await (const line of console) void answer(JSON.parse(line) as Question).then(say)
