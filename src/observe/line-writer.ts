import { type Clock, sleep, type Timer } from '../base/clock.ts'
import { Waiters } from '../base/waiters.ts'

/** What is written to: `process.stdout` or `process.stderr`, handed in. */
export interface LineStream {
  /** False when the reader is behind; `done` is called once the text has left the process or failed to. */
  write(text: string, done: (error?: Error | null) => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface LineWriterOptions {
  /** With a clock, the lines of one turn of the event loop leave in one write: a system call costs as much as making a line. Without, each leaves at once. */
  readonly clock?: Clock
  /** What waits for a slow reader, at most, in UTF-16 units; further lines are dropped and counted. Default 4 Mi. */
  readonly pendingCharactersMax?: number
  /** The reader keeps up again after `lineCount` lines were dropped. */
  readonly onDropped?: (lineCount: number) => void
}

export interface LineWriter {
  /** Never throws, never waits. */
  write(line: string): void
  /** Resolves once everything accepted has left the process, the reader is gone, or `deadlineMs` passed: exiting before loses lines. */
  flush(clock: Clock, deadlineMs: number): Promise<void>
}

const pendingCharactersMaxDefault = 4 * 1_024 * 1_024
/** Lines that gather in a turn leave before it ends once they are this many UTF-16 units: what a pipe holds. */
const gatheredCharactersMax = 64 * 1_024

/**
 * Lines to a stream whose reader may be slow or gone, without waiting, growing without bound or crashing. While the reader keeps up a line is
 * written at once; while it does not, lines gather and leave together. After the reader is gone (EPIPE) lines are discarded.
 */
export function createLineWriter(stream: LineStream, options: LineWriterOptions = {}): LineWriter {
  return new StreamLineWriter(stream, options)
}

class StreamLineWriter implements LineWriter {
  readonly #stream: LineStream
  readonly #options: LineWriterOptions
  #writesInFlight = 0
  #isBehind = false
  #isGone = false
  #pending: string[] = []
  #pendingCharacters = 0
  #droppedCount = 0
  #turn: Timer | undefined
  readonly #emptiness = new Waiters()

  constructor(stream: LineStream, options: LineWriterOptions) {
    this.#stream = stream
    this.#options = options
    // Without a listener the error event of a closed pipe ends the process.
    stream.on('error', () => this.#end())
  }

  write(line: string): void {
    if (this.#isGone) return
    if (this.#isBehind) this.#keep(line)
    else if (this.#options.clock === undefined) this.#send(line)
    else this.#gather(line, this.#options.clock)
  }

  async flush(clock: Clock, deadlineMs: number): Promise<void> {
    if (!this.#isBehind) this.#sendPending()
    if (this.#writesInFlight === 0 || this.#isGone) return
    const isOver = new AbortController()
    void this.#emptiness.next().then(() => isOver.abort())
    await sleep(clock, deadlineMs, isOver.signal)
  }

  #gather(line: string, clock: Clock): void {
    this.#pending.push(line)
    this.#pendingCharacters += line.length
    if (this.#pendingCharacters >= gatheredCharactersMax) this.#sendPending()
    else this.#turn ??= clock.schedule(0, () => this.#endTurn())
  }

  #endTurn(): void {
    this.#turn = undefined
    if (!this.#isBehind) this.#sendPending()
  }

  #keep(line: string): void {
    const { pendingCharactersMax = pendingCharactersMaxDefault } = this.#options
    if (this.#pendingCharacters + line.length > pendingCharactersMax) {
      this.#droppedCount++
      return
    }
    this.#pending.push(line)
    this.#pendingCharacters += line.length
  }

  #send(text: string): void {
    this.#writesInFlight++
    try {
      // A stream may be done before it returns: then nothing would ever say that it caught up.
      if (!this.#stream.write(text, this.#written)) this.#isBehind = this.#writesInFlight > 0
    } catch {
      this.#end()
    }
  }

  readonly #written = (error?: Error | null): void => {
    this.#writesInFlight--
    if (error !== undefined && error !== null) this.#end()
    if (this.#writesInFlight > 0) return
    this.#isBehind = false
    this.#sendPending()
    if (this.#writesInFlight === 0) this.#emptiness.release()
  }

  #sendPending(): void {
    if (this.#pending.length === 0) return
    const text = this.#pending.join('')
    const droppedCount = this.#droppedCount
    this.#pending = []
    this.#pendingCharacters = 0
    this.#droppedCount = 0
    this.#send(text)
    if (droppedCount > 0) this.#options.onDropped?.(droppedCount)
  }

  /** The reader is gone for good: nothing waits any more. */
  #end(): void {
    this.#isGone = true
    this.#turn?.cancel()
    this.#pending = []
    this.#pendingCharacters = 0
    this.#emptiness.release()
  }
}
