import { describe, expect, test } from 'bun:test'
import { type Backlog, SseStream, type StreamEnd } from '../../../src/mcp/sse-stream.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

function bench(bytesMax?: number, backlog?: Backlog) {
  const clock = new FakeClock()
  const ends: StreamEnd[] = []
  const stream = new SseStream({
    clock,
    backlog,
    onEnd: (end) => ends.push(end),
    ...(bytesMax !== undefined && { bytesMax }),
  })
  return { clock, ends, stream }
}

test('says something at once', async () => {
  const { stream } = bench()
  const { value } = await stream.body.getReader().read()
  expect(new TextDecoder().decode(value)).toBe(': open\n\n')
})

describe('beats', () => {
  for (const [ms, beats] of [
    [14_999, 0],
    [15_000, 1],
    [30_000, 2],
  ] as const)
    test(`${beats} times in ${ms} ms`, async () => {
      const { clock, stream } = bench()
      await clock.advance(ms)
      stream.end()
      const text = await new Response(stream.body).text()
      expect(text).toBe(`: open\n\n${': heartbeat\n\n'.repeat(beats)}`)
    })
})

test('ends after what is in it, once', async () => {
  const { clock, ends, stream } = bench()
  stream.writeText('data: 1\n\n')
  stream.end('retry: 5\n\n')
  stream.end()
  expect(stream.writeText('late')).toBe(false)
  expect(await new Response(stream.body).text()).toBe(': open\n\ndata: 1\n\nretry: 5\n\n')
  expect(ends).toEqual(['finished'])
  expect(clock.timerCount).toBe(0)
})

test('is over when its reader leaves', async () => {
  const { clock, ends, stream } = bench()
  await stream.body.cancel()
  expect(stream.isOpen).toBe(false)
  expect(stream.writeText('data')).toBe(false)
  expect(ends).toEqual(['reader_left'])
  expect(clock.timerCount).toBe(0)
})

describe('with a reader that does not read', () => {
  // ": open\n\n" takes 8 bytes.
  test('holds what fits', () => {
    const { stream } = bench(20)
    expect(stream.writeText('x'.repeat(11))).toBe(true)
    expect(stream.writeText('y')).toBe(true)
    expect(stream.isOpen).toBe(true)
  })

  test('is dropped at the first event beyond, and lets go of what waits', async () => {
    const { clock, ends, stream } = bench(20)
    stream.writeText('x'.repeat(12))
    expect(stream.writeText('y')).toBe(false)
    expect(ends).toEqual(['reader_too_slow'])
    expect(clock.timerCount).toBe(0)
    await expect(new Response(stream.body).text()).rejects.toThrow('too slow')
  })

  test('is dropped by its own heartbeat', async () => {
    const { clock, ends, stream } = bench(20)
    stream.writeText('x'.repeat(12))
    await clock.advance(15_000)
    expect(ends).toEqual(['reader_too_slow'])
  })
})

test('takes one event that is larger than the bound, where nothing waits before it', async () => {
  const { stream } = bench(20)
  expect(stream.writeText('x'.repeat(1000))).toBe(true)
  stream.end()
  expect((await new Response(stream.body).text()).length).toBe(1008)
})

describe('with a backlog', () => {
  /** Pieces of ten bytes, and how many were asked for. */
  const pieces = (count: number) => {
    let taken = 0
    const backlog: Backlog = () =>
      taken < count
        ? { kind: 'text', text: `piece ${String(taken++).padStart(3, '0')}\n` }
        : { kind: 'caught_up' }
    return { backlog, taken: () => taken }
  }

  test('says all of it before anything new, and beats only afterwards', async () => {
    const { backlog } = pieces(300)
    const { stream, clock, ends } = bench(100, backlog)
    stream.writeText('not said: the backlog would have it')
    const text = new Response(stream.body).text()
    await settle()
    stream.writeText('new\n')
    await clock.advance(15_000)
    stream.end()
    const lines = (await text).split('\n').filter((line) => line !== '')
    expect(lines).toEqual([
      ': open',
      ...Array.from({ length: 300 }, (_, index) => `piece ${String(index).padStart(3, '0')}`),
      'new',
      ': heartbeat',
    ])
    expect(ends).toEqual(['finished'])
  })

  test('asks for no more of it than fits', async () => {
    const { backlog, taken } = pieces(300)
    bench(100, backlog)
    await settle()
    expect(taken()).toBeLessThan(15)
    expect(taken()).toBeGreaterThan(0)
  })

  test('ends after it, also where it was told to before', async () => {
    const { stream, ends, clock } = bench(100, pieces(300).backlog)
    stream.end('last\n')
    expect(ends).toEqual([])
    const text = await new Response(stream.body).text()
    expect(text.match(/piece/g)).toHaveLength(300)
    expect(text).toEndWith('last\n')
    expect([ends, clock.timerCount]).toEqual([['finished'], 0])
  })

  test('drops a reader that takes nothing from one beat to the next', async () => {
    const { stream, ends, clock } = bench(100, pieces(300).backlog)
    const reader = stream.body.getReader()
    await settle()
    await clock.advance(15_000)
    for (let count = 0; count < 3; count++) await reader.read()
    await settle()
    await clock.advance(15_000)
    expect(ends).toEqual([])
    await clock.advance(15_000)
    expect(ends).toEqual(['reader_too_slow'])
    expect(clock.timerCount).toBe(0)
  })

  test('is dropped where the rest cannot be had', async () => {
    const { stream, ends } = bench(100, () => ({ kind: 'gone' }))
    await expect(new Response(stream.body).text()).rejects.toThrow('too slow')
    expect(ends).toEqual(['reader_too_slow'])
  })
})
