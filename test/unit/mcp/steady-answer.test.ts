import { expect, test } from 'bun:test'
import { asSteadyAnswer } from '../../../src/mcp/steady-answer.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const sse = { headers: { 'content-type': 'text/event-stream' } }

/** A stream that the test feeds, and that says whether its reader left. */
function feed() {
  let isCancelled = false
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
    },
    cancel: () => {
      isCancelled = true
    },
  })
  return {
    response: new Response(body, sse),
    write: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    isCancelled: () => isCancelled,
  }
}

test('passes on an answer that comes at once', async () => {
  const clock = new FakeClock()
  const answer = Response.json({ id: 1 }, { status: 400 })
  expect(await asSteadyAnswer(Promise.resolve(answer), clock)).toBe(answer)
  await clock.advance(0)
  expect(clock.timerCount).toBe(0)
})

test('makes a stream of an answer that takes a second, and puts the answer into it', async () => {
  const clock = new FakeClock()
  const answer = Promise.withResolvers<Response>()
  const steady = asSteadyAnswer(answer.promise, clock)
  await clock.advance(1000)
  const response = await steady
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  answer.resolve(Response.json({ id: 1 }))
  expect(await response.text()).toBe(': open\n\nevent: message\ndata: {"id":1}\n\n')
  expect(clock.timerCount).toBe(0)
})

test('passes a stream on, with a heartbeat', async () => {
  const clock = new FakeClock()
  const inner = feed()
  const response = await asSteadyAnswer(Promise.resolve(inner.response), clock)
  inner.write('data: 1\n\n')
  await clock.advance(15_000)
  inner.end()
  expect(await response.text()).toBe(': open\n\ndata: 1\n\n: heartbeat\n\n')
  expect(clock.timerCount).toBe(0)
})

test('lets go of the stream behind when the reader leaves', async () => {
  const clock = new FakeClock()
  const inner = feed()
  const response = await asSteadyAnswer(Promise.resolve(inner.response), clock)
  await clock.advance(0)
  await response.body?.cancel()
  await clock.advance(0)
  expect(inner.isCancelled()).toBe(true)
  expect(clock.timerCount).toBe(0)
})

test('lets go of the stream behind when the reader does not read', async () => {
  const clock = new FakeClock()
  const inner = feed()
  await asSteadyAnswer(Promise.resolve(inner.response), clock)
  const mebibyte = 'x'.repeat(1024 * 1024)
  inner.write(mebibyte)
  inner.write(mebibyte)
  await clock.advance(0)
  expect(inner.isCancelled()).toBe(true)
})
