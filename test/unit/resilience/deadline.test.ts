import { describe, expect, test } from 'bun:test'
import { createDeadline, DeadlineExceeded, withDeadline } from '../../../src/resilience/deadline.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const never = () => new Promise<never>(() => undefined)

/** An AbortSignal that knows how many listeners it holds. */
function countingController() {
  const controller = new AbortController()
  const { signal } = controller
  const listeners = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (type: string, listener: () => void, options?: AddEventListenerOptions) => {
    listeners.add(listener)
    add(type, listener, options)
  }
  signal.removeEventListener = (type: string, listener: () => void) => {
    listeners.delete(listener)
    remove(type, listener)
  }
  return { controller, signal, listeners }
}

describe('a deadline', () => {
  test('aborts exactly in time, with a reason of its own', async () => {
    const clock = new FakeClock()
    const deadline = createDeadline({ clock, afterMs: 100 })
    await clock.advance(99)
    expect(deadline.signal.aborted).toBe(false)
    expect(deadline.remainingMs()).toBe(1)
    await clock.advance(1)
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineExceeded)
    expect(deadline.remainingMs()).toBe(0)
    await clock.advance(1)
    expect(deadline.remainingMs()).toBe(0)
  })

  test('aborts with the reason of the caller and leaves nothing behind', () => {
    const clock = new FakeClock()
    const { controller, signal, listeners } = countingController()
    const deadline = createDeadline({ clock, afterMs: 100, signal })
    const reason = new Error('went away')
    controller.abort(reason)
    expect(deadline.signal.reason).toBe(reason)
    expect(clock.timerCount).toBe(0)
    expect(listeners.size).toBe(0)
  })

  test('is over from the start where the caller is already gone', () => {
    const clock = new FakeClock()
    const deadline = createDeadline({ clock, afterMs: 100, signal: AbortSignal.abort('gone') })
    expect(deadline.signal.reason).toBe('gone')
    expect(clock.timerCount).toBe(0)
  })

  test('lets go of the timer and of the caller when disposed, and then never aborts', async () => {
    const clock = new FakeClock()
    const { controller, signal, listeners } = countingController()
    const deadline = createDeadline({ clock, afterMs: 100, signal })
    deadline.dispose()
    deadline.dispose()
    expect(clock.timerCount).toBe(0)
    expect(listeners.size).toBe(0)
    controller.abort()
    await clock.advance(200)
    expect(deadline.signal.aborted).toBe(false)
  })
})

describe('running under a deadline', () => {
  test('hands back what was made in time and frees timer and caller', async () => {
    const clock = new FakeClock()
    const { signal, listeners } = countingController()
    expect(await withDeadline({ clock, afterMs: 100, signal }, async () => 'made')).toBe('made')
    expect(clock.timerCount).toBe(0)
    expect(listeners.size).toBe(0)
  })

  test('rejects in time even where the work takes no notice of the signal', async () => {
    const clock = new FakeClock()
    const running = withDeadline({ clock, afterMs: 100 }, never)
    const outcome = running.catch((error: unknown) => error)
    await clock.advance(100)
    expect(await outcome).toBeInstanceOf(DeadlineExceeded)
  })

  test('rejects with the reason of the caller', async () => {
    const controller = new AbortController()
    const running = withDeadline({ clock: new FakeClock(), afterMs: 100, signal: controller.signal }, never)
    controller.abort('gone')
    expect(await running.catch((error: unknown) => error)).toBe('gone')
  })

  test('does not begin for a caller who is already gone', async () => {
    let isBegun = false
    const running = withDeadline(
      { clock: new FakeClock(), afterMs: 100, signal: AbortSignal.abort('gone') },
      async () => {
        isBegun = true
      },
    )
    expect(await running.catch((error: unknown) => error)).toBe('gone')
    expect(isBegun).toBe(false)
  })

  test('passes on a failure of the work and frees the timer', async () => {
    const clock = new FakeClock()
    const failing = withDeadline({ clock, afterMs: 100 }, () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(clock.timerCount).toBe(0)
  })
})
