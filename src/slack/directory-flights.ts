import { AppError } from '../base/errors.ts'

interface Flight<V> {
  readonly result: Promise<V>
  readonly abort: AbortController
  waiterCount: number
}

/**
 * Concurrent requests for the same thing share one call. A waiter that cancels leaves alone; the call is cancelled when nobody waits for it
 * any more.
 */
export class SharedFlights<V> {
  readonly #flights = new Map<string, Flight<V>>()

  /** Joins the flight under `key`, or starts one. Rejects with CALL_CANCELLED as soon as `signal` aborts. */
  async join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<V>): Promise<V> {
    if (signal.aborted) throw new AppError('CALL_CANCELLED')
    const flight = this.#flights.get(key) ?? this.#start(key, start)
    flight.waiterCount++
    try {
      return await untilAborted(flight.result, signal)
    } finally {
      flight.waiterCount--
      if (flight.waiterCount === 0) flight.abort.abort()
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<V>): Flight<V> {
    const abort = new AbortController()
    const result = start(abort.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    })
    const flight: Flight<V> = { result, abort, waiterCount: 0 }
    this.#flights.set(key, flight)
    // A flight that everybody left is forgotten at once: who comes later must not join a cancelled one.
    abort.signal.addEventListener('abort', () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
      result.catch(() => undefined)
    })
    return flight
  }
}

function untilAborted<V>(result: Promise<V>, signal: AbortSignal): Promise<V> {
  return new Promise<V>((resolve, reject) => {
    const cancel = () => reject(new AppError('CALL_CANCELLED'))
    signal.addEventListener('abort', cancel, { once: true })
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel))
  })
}
