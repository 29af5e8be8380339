import { describe, expect, test } from 'bun:test'
import { Exchange, type ExchangeOptions } from '../../../src/mcp/exchange.ts'
import { renderEvent } from '../../../src/mcp/sse-stream.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

function bench(options: Partial<ExchangeOptions> = {}) {
  const clock = new FakeClock()
  const logged: string[] = []
  const exchange = new Exchange({
    clock,
    requests: [1],
    isBatch: false,
    isResumable: false,
    headers: { 'X-Test': 'yes' },
    log: (data) => `e${logged.push(data)}`,
    ...options,
  })
  let response: Response | undefined
  exchange.response
    .then((value) => {
      response = value
    })
    .catch(() => expect.unreachable())
  return { clock, logged, exchange, answered: () => response }
}

test('answers plain JSON where the answer comes at once', async () => {
  const { clock, exchange } = bench()
  exchange.answer(1, '{"id":1}')
  const response = await exchange.response
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('x-test')).toBe('yes')
  expect(await response.text()).toBe('{"id":1}')
  expect(clock.timerCount).toBe(0)
})

test('answers a batch as a list, when its last answer is there', async () => {
  const { exchange, answered } = bench({ requests: [1, 2], isBatch: true })
  exchange.answer(2, '"b"')
  await settle()
  expect(answered()).toBeUndefined()
  exchange.answer(1, '"a"')
  expect(await (await exchange.response).text()).toBe('["b","a"]')
})

describe('an answer that takes', () => {
  test('999 ms is still plain', async () => {
    const { clock, exchange, answered } = bench()
    await clock.advance(999)
    expect(answered()).toBeUndefined()
    exchange.answer(1, '"a"')
    expect((await exchange.response).headers.get('content-type')).toBe('application/json')
  })

  test('1,000 ms is a stream', async () => {
    const { clock, exchange } = bench()
    await clock.advance(1000)
    const response = await exchange.response
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    exchange.answer(1, '"a"')
    expect(await response.text()).toBe(': open\n\nevent: message\ndata: "a"\n\n')
    expect(clock.timerCount).toBe(0)
  })
})

test('is a stream as soon as there is something to say before', async () => {
  const { exchange } = bench({ requests: [1, 2], isBatch: true })
  exchange.answer(1, '"first"')
  exchange.send('"progress"')
  exchange.answer(2, '"second"')
  const data = (await (await exchange.response).text()).match(/data: .*/g)
  expect(data).toEqual(['data: "first"', 'data: "progress"', 'data: "second"'])
})

test('gives a client that resumes its first cursor, and an id to every event', async () => {
  const { exchange, logged } = bench({ isResumable: true })
  exchange.send('"progress"')
  exchange.answer(1, '"a"')
  expect(await (await exchange.response).text()).toBe(
    ': open\n\nid: e1\nretry: 1000\ndata: \n\nevent: message\nid: e2\ndata: "progress"\n\nevent: message\nid: e3\ndata: "a"\n\n',
  )
  expect(logged).toEqual(['', '"progress"', '"a"'])
})

describe('a cancelled request', () => {
  test('ends the stream without an answer', async () => {
    const { clock, exchange } = bench()
    await clock.advance(1000)
    exchange.drop(1)
    expect(exchange.isOver).toBe(true)
    expect(await (await exchange.response).text()).toBe(': open\n\n')
    expect(clock.timerCount).toBe(0)
  })

  test('ends a POST that waited for plain JSON', async () => {
    const { exchange } = bench()
    exchange.drop(1)
    expect(await (await exchange.response).text()).toBe(': open\n\n')
  })

  test('leaves the others of its batch alone', async () => {
    const { exchange, answered } = bench({ requests: [1, 2], isBatch: true })
    exchange.drop(1)
    await settle()
    expect(answered()).toBeUndefined()
    exchange.answer(2, '"b"')
    expect(await (await exchange.response).text()).toBe('["b"]')
  })

  test('gets no answer afterwards', async () => {
    const { exchange, logged } = bench({ isResumable: true })
    exchange.drop(1)
    exchange.answer(1, '"late"')
    expect(logged).not.toContain('"late"')
  })
})

test('keeps what a reader that left did not get, where it may come back', async () => {
  const { clock, exchange, logged } = bench({ isResumable: true })
  await clock.advance(1000)
  await (await exchange.response).body?.cancel()
  exchange.answer(1, '"a"')
  expect(logged).toEqual(['', '"a"'])
  expect(clock.timerCount).toBe(0)
})

test('goes on over a new connection after what was missed', async () => {
  const { exchange, logged } = bench({ isResumable: true })
  exchange.release()
  expect(await (await exchange.response).text()).toEndWith('data: \n\n')
  exchange.send('"missed"')
  let read = 1
  const resumed = exchange.resume(() => {
    const data = logged[read++]
    return data === undefined ? { kind: 'caught_up' } : { kind: 'text', text: renderEvent(data) }
  })
  exchange.answer(1, '"a"')
  expect((await resumed.text()).match(/data: .*/g)).toEqual(['data: "missed"', 'data: "a"'])
})

test('lets nobody go who could not come back', async () => {
  const { exchange, answered } = bench()
  exchange.release()
  await settle()
  expect(answered()).toBeUndefined()
})
