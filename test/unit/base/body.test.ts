import { describe, expect, test } from 'bun:test'
import { BodyBudget, readBody } from '../../../src/base/body.ts'

const limits = () => ({ bytesMax: 10, budget: new BodyBudget(100) })

/** A body that arrives in pieces and declares no length. */
function streamed(pieces: readonly string[], onCancel?: () => void): Request {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[0]
      pieces = pieces.slice(1)
      if (piece === undefined) controller.close()
      else controller.enqueue(new TextEncoder().encode(piece))
    },
    cancel: () => onCancel?.(),
  })
  return new Request('http://localhost/', { method: 'POST', body, duplex: 'half' } as RequestInit)
}

const declared = (text: string) =>
  new Request('http://localhost/', {
    method: 'POST',
    body: text,
    headers: { 'content-length': String(text.length) },
  })

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('readBody', () => {
  for (const [length, kind] of [
    [9, 'bytes'],
    [10, 'bytes'],
    [11, 'too_large'],
  ] as const) {
    test(`finds ${length} declared and ${length} counted bytes of 10 ${kind}`, async () => {
      const text = 'x'.repeat(length)
      expect((await readBody(declared(text), limits())).kind).toBe(kind)
      expect((await readBody(streamed([text.slice(0, 4), text.slice(4)]), limits())).kind).toBe(kind)
    })
  }

  test('joins pieces in order and gives the budget back', async () => {
    const own = limits()
    const result = await readBody(streamed(['ab', 'cd', 'e']), own)
    expect(result.kind === 'bytes' && textOf(result.bytes)).toBe('abcde')
    expect(own.budget.bytesHeld).toBe(0)
  })

  test('tells a sender of too much to stop', async () => {
    let isCancelled = false
    const result = await readBody(
      streamed(['12345', '67890', '1', 'never read'], () => {
        isCancelled = true
      }),
      limits(),
    )
    expect(result).toEqual({ kind: 'too_large' })
    expect(isCancelled).toBe(true)
  })

  test('refuses a declared length beyond the budget before reading, and a counted one while reading', async () => {
    const budget = new BodyBudget(5)
    expect((await readBody(declared('123456'), { bytesMax: 10, budget })).kind).toBe('over_budget')
    expect((await readBody(streamed(['123', '456']), { bytesMax: 10, budget })).kind).toBe('over_budget')
    expect((await readBody(declared('12345'), { bytesMax: 10, budget })).kind).toBe('bytes')
    expect(budget.bytesHeld).toBe(0)
  })

  test('keeps the last quarter of the budget for bodies of at most 16 KiB', () => {
    const large = 16_385
    const budget = new BodyBudget(100_000)
    expect([budget.reserve(75_000), budget.reserve(large)]).toEqual([true, false])
    expect([budget.reserve(16_384), budget.reserve(8_616), budget.reserve(1)]).toEqual([true, true, false])
    budget.release(100_000)
    expect([budget.reserve(75_001), budget.bytesHeld]).toEqual([false, 0])
  })

  test('takes a counted body for as large as it has become, not as its pieces are', async () => {
    const budget = new BodyBudget(100_000)
    budget.reserve(60_000)
    const piece = 'x'.repeat(8_192)
    const take = (pieces: number) =>
      readBody(streamed(Array.from({ length: pieces }, () => piece)), { bytesMax: 1_000_000, budget })
    expect([(await take(2)).kind, (await take(3)).kind]).toEqual(['bytes', 'over_budget'])
    expect(budget.bytesHeld).toBe(60_000)
  })

  test('a sender that breaks off is told apart, and no body is an empty one', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('reset')),
    })
    const request = new Request('http://localhost/', {
      method: 'POST',
      body: broken,
      duplex: 'half',
    } as RequestInit)
    expect(await readBody(request, limits())).toEqual({ kind: 'broken_off' })
    const empty = await readBody(new Request('http://localhost/', { method: 'POST' }), limits())
    expect(empty).toEqual({ kind: 'bytes', bytes: new Uint8Array(0) })
  })
})
