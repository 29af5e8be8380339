import { expect } from 'bun:test'
import { watchEventLoop } from '../../../src/observe/event-loop-watch.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { verifies } from '../../support/verifies.ts'

/** A clock that jumps by `stallMs` just before a timer runs, as one does whose loop was held. */
class StallingClock extends FakeClock {
  stallMs = 0
  #heldMs = 0

  override monotonic(): number {
    return super.monotonic() + this.#heldMs
  }

  override schedule(delayMs: number, run: () => void) {
    return super.schedule(delayMs, () => {
      this.#heldMs += this.stallMs
      run()
    })
  }
}

verifies('observe:metrics:loop-lag', 'reports how late timers fire, and leaves none behind', async () => {
  const clock = new StallingClock()
  const metrics = new RecordingMetrics()
  const watch = watchEventLoop(clock, metrics)
  await clock.advance(100)
  clock.stallMs = 250
  await clock.advance(100)
  clock.stallMs = 0
  await clock.advance(100)
  expect(metrics.records.map(({ value }) => value)).toEqual([0, 0.25, 0])
  watch.cancel()
  await clock.advance(1_000)
  expect([metrics.records.length, clock.timerCount]).toEqual([3, 0])
})
