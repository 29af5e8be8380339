import { expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import { createStreamConsumer } from '../../../src/cli/consume-stream.ts'
import { viewEvent } from '../../../src/events/event-view.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent } from '../../support/queue-events.ts'

const options = { group: 'g', concurrencyMax: 3, isOrdered: true, leaseSeconds: 7 }
const line = (message: object) => new TextEncoder().encode(`${JSON.stringify(message)}\n`)

/** A server that has one event for whoever consumes, and holds its answers to what becomes of it. */
function fixture() {
  const clock = new FakeClock()
  const urls: string[] = []
  const acks: unknown[] = []
  const answered = Promise.withResolvers<void>()
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined
  const event = viewEvent(queuedEvent({ id: 'Ev1' }), { hasBody: true })
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stream = controller
      controller.enqueue(line({ stream: 's' }))
      controller.enqueue(line({ number: 1, attempt: 2, event }))
    },
  })
  const client = new AdminClient({
    url: 'http://127.0.0.1:1',
    token: new Secret('t'.repeat(40)),
    clock,
    async fetch(url, init) {
      urls.push(url)
      if (!url.endsWith('/ack')) return new Response(body)
      acks.push(JSON.parse(String(init.body)))
      await answered.promise
      return Response.json({ settled: 1 })
    },
  })
  const hurried = new AbortController().signal
  const stderr = { isTerminal: false, columns: undefined, write: () => undefined }
  const consume = createStreamConsumer({ client, clock, stderr, hurried })
  return { urls, acks, consume, answer: answered.resolve, end: () => stream?.close() }
}

test('a stop is said, and heard, before what is in hand is settled: that makes room for the next event', async () => {
  const { acks, consume, answer, end } = fixture()
  const handled = Promise.withResolvers<void>()
  const seen: unknown[] = []
  const stop = new AbortController()
  const consuming = consume(
    options,
    async ({ event, attempt, bytes }) => {
      seen.push([event.id, attempt, new TextDecoder().decode(bytes)])
      await handled.promise
    },
    stop.signal,
  )
  await settle()
  expect(seen).toEqual([['Ev1', 2, '{"event_id":"Ev1"}']])
  stop.abort()
  handled.resolve()
  await settle()
  expect(acks).toEqual([{ stream: 's', last: true }])
  answer()
  await settle()
  expect(acks).toEqual([
    { stream: 's', last: true },
    { stream: 's', done: [1] },
  ])
  end()
  await consuming
})

test('group, concurrency, order and lease are told to the server', async () => {
  const { urls, consume, answer, end } = fixture()
  const stop = new AbortController()
  const consuming = consume(options, () => Promise.resolve(), stop.signal)
  await settle()
  stop.abort()
  answer()
  await settle()
  end()
  await consuming
  const { pathname, searchParams } = new URL(urls[0] ?? '')
  expect(pathname).toBe('/admin/events/consume')
  expect(Object.fromEntries(searchParams)).toEqual({ group: 'g', max: '3', ordered: 'true', lease: '7' })
})
