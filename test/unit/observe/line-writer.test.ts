import { describe, expect, test } from 'bun:test'
import { createLineWriter, type LineStream } from '../../../src/observe/line-writer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

/** A stream whose reader the test plays. */
class ScriptedStream implements LineStream {
  readonly written: string[] = []
  accepts = true
  readonly #waiting: ((error?: Error | null) => void)[] = []
  #fail: (error: Error) => void = () => undefined

  write(text: string, done: (error?: Error | null) => void): boolean {
    this.written.push(text)
    this.#waiting.push(done)
    return this.accepts
  }

  on(_event: 'error', listener: (error: Error) => void): void {
    this.#fail = listener
  }

  /** The reader takes everything. */
  drain(error?: Error): void {
    for (const done of this.#waiting.splice(0)) done(error)
  }

  drainOne(): void {
    this.#waiting.shift()?.()
  }

  fail(): void {
    this.#fail(new Error('EPIPE'))
  }
}

describe('a reader that keeps up', () => {
  test('gets every line at once and alone', () => {
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    writer.write('a\n')
    writer.write('b\n')
    expect(stream.written).toEqual(['a\n', 'b\n'])
  })
})

describe('with a clock', () => {
  const gathering = () => {
    const clock = new FakeClock()
    const stream = new ScriptedStream()
    return { clock, stream, writer: createLineWriter(stream, { clock }) }
  }

  test('the lines of one turn leave in one write, at its end', async () => {
    const { clock, stream, writer } = gathering()
    writer.write('1\n')
    writer.write('2\n')
    expect(stream.written).toEqual([])
    await clock.advance(0)
    expect(stream.written).toEqual(['1\n2\n'])
    writer.write('3\n')
    await clock.advance(0)
    expect([stream.written, clock.timerCount]).toEqual([['1\n2\n', '3\n'], 0])
  })

  test('what fills a pipe leaves before the turn ends, and no sooner', () => {
    const { stream, writer } = gathering()
    writer.write('x'.repeat(65_535))
    expect(stream.written).toEqual([])
    writer.write('x')
    expect(stream.written.map(({ length }) => length)).toEqual([65_536])
  })

  test('a flush does not wait for the turn to end', async () => {
    const { clock, stream, writer } = gathering()
    writer.write('1\n')
    const flushed = writer.flush(clock, 1_000)
    expect(stream.written).toEqual(['1\n'])
    stream.drain()
    await flushed
    await clock.advance(0)
    expect([stream.written, clock.timerCount]).toEqual([['1\n'], 0])
  })

  test('a reader that fell behind meanwhile is not written to', async () => {
    const { clock, stream, writer } = gathering()
    stream.accepts = false
    writer.write('x'.repeat(65_535))
    writer.write('y')
    writer.write('2\n')
    await clock.advance(0)
    expect(stream.written.length).toBe(1)
    stream.drain()
    expect(stream.written.length).toBe(2)
  })

  test('a reader that is gone leaves no timer', async () => {
    const { clock, stream, writer } = gathering()
    writer.write('1\n')
    stream.fail()
    expect([stream.written, clock.timerCount]).toEqual([[], 0])
  })
})

describe('a slow reader', () => {
  verifies(
    'observe:log:slow-reader',
    'gets what gathered in one piece, and is told how much did not fit',
    () => {
      const stream = new ScriptedStream()
      const dropped: number[] = []
      const writer = createLineWriter(stream, {
        pendingCharactersMax: 6,
        onDropped: (count) => dropped.push(count),
      })
      stream.accepts = false
      writer.write('1\n')
      for (const line of ['2\n', '3\n', '4\n', '5\n', '6\n']) writer.write(line)
      expect(stream.written).toEqual(['1\n'])
      stream.accepts = true
      stream.drain()
      expect(stream.written).toEqual(['1\n', '2\n3\n4\n'])
      expect(dropped).toEqual([2])
      stream.drain()
      writer.write('7\n')
      expect(stream.written.at(-1)).toBe('7\n')
      expect(dropped).toEqual([2])
    },
  )

  test('has the whole room again each time it caught up', () => {
    const stream = new ScriptedStream()
    const dropped: number[] = []
    const writer = createLineWriter(stream, {
      pendingCharactersMax: 4,
      onDropped: (count) => dropped.push(count),
    })
    for (let episode = 0; episode < 2; episode++) {
      stream.accepts = false
      for (const line of ['1\n', '2\n', '3\n', '4\n']) writer.write(line)
      stream.accepts = true
      stream.drain()
      stream.drain()
    }
    expect(stream.written).toEqual(['1\n', '2\n3\n', '1\n', '2\n3\n'])
    expect(dropped).toEqual([1, 1])
  })

  test('can be told about the loss through the writer itself', () => {
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream, {
      pendingCharactersMax: 2,
      onDropped: (count) => writer.write(`dropped ${count}\n`),
    })
    stream.accepts = false
    for (const line of ['1\n', '2\n', '3\n']) writer.write(line)
    stream.accepts = true
    stream.drain()
    expect(stream.written).toEqual(['1\n', '2\n', 'dropped 1\n'])
  })

  test('that is done before it says that it is full is not waited for', () => {
    const written: string[] = []
    const writer = createLineWriter({
      write(text, done) {
        written.push(text)
        done()
        return false
      },
      on: () => undefined,
    })
    writer.write('1\n')
    writer.write('2\n')
    expect(written).toEqual(['1\n', '2\n'])
  })

  test('is written to again only once all it was given has left', () => {
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    writer.write('1\n')
    stream.accepts = false
    writer.write('2\n')
    writer.write('3\n')
    stream.drainOne()
    expect(stream.written).toEqual(['1\n', '2\n'])
    stream.drainOne()
    expect(stream.written).toEqual(['1\n', '2\n', '3\n'])
  })
})

describe('a reader that is gone', () => {
  verifies('observe:log:reader-gone', 'neither throws nor is written to again', async () => {
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    writer.write('1\n')
    stream.fail()
    writer.write('2\n')
    expect(stream.written).toEqual(['1\n'])
    await writer.flush(new FakeClock(), 1_000)
  })

  test('is noticed by the failure of a write alone', () => {
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    stream.accepts = false
    writer.write('1\n')
    writer.write('2\n')
    stream.drain(new Error('EPIPE'))
    writer.write('3\n')
    expect(stream.written).toEqual(['1\n'])
  })

  test('is noticed by a write that throws', () => {
    let calls = 0
    const writer = createLineWriter({
      write: () => {
        calls++
        throw new Error('EBADF')
      },
      on: () => undefined,
    })
    writer.write('1\n')
    writer.write('2\n')
    expect(calls).toBe(1)
  })
})

describe('flush', () => {
  test('resolves at once when nothing is under way, and else once everything has left', async () => {
    const clock = new FakeClock()
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    await writer.flush(clock, 1_000)
    stream.accepts = false
    writer.write('1\n')
    writer.write('2\n')
    let isFlushed = false
    const flushed = writer.flush(clock, 1_000).then(() => {
      isFlushed = true
    })
    stream.drain()
    await clock.advance(0)
    expect({ isFlushed, written: stream.written }).toEqual({ isFlushed: false, written: ['1\n', '2\n'] })
    stream.drain()
    await flushed
    expect(clock.timerCount).toBe(0)
  })

  test('gives up at its deadline and not before', async () => {
    const clock = new FakeClock()
    const writer = createLineWriter(new ScriptedStream())
    writer.write('1\n')
    let isFlushed = false
    void writer.flush(clock, 1_000).then(() => {
      isFlushed = true
    })
    await clock.advance(999)
    expect(isFlushed).toBe(false)
    await clock.advance(1)
    expect(isFlushed).toBe(true)
  })

  test('ends when the reader goes away meanwhile', async () => {
    const clock = new FakeClock()
    const stream = new ScriptedStream()
    const writer = createLineWriter(stream)
    writer.write('1\n')
    const flushed = writer.flush(clock, 1_000)
    stream.fail()
    await flushed
  })
})
