import { describe, expect, test } from 'bun:test'
import { SseStream, type StreamEnd } from '../../../src/mcp/sse-stream.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function bench(bytesMax?: number) {
  const clock = new FakeClock()
  const ends: StreamEnd[] = []
  const stream = new SseStream({
    clock,
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
