import { type Clock, repeat } from './base/clock.ts'

/** A listener, as far as stopping it is concerned; Elysia's instance is one. */
interface Listener {
  readonly server: { stop(isAbrupt: boolean): Promise<void> } | null
}

export interface Door {
  /** Takes no new connection; returns at once, since streams end only when whoever writes them ends them. */
  close(): void
  /**
   * Resolves with true once every request was answered, or with false after cutting what was left when `signal` aborted. Requests whose body is
   * still on its way are cut sooner, and nothing is lost with them: nobody was told that they were taken.
   */
  drained(signal: AbortSignal): Promise<boolean>
}

export interface DoorDeps {
  readonly clock: Clock
  readonly listeners: () => readonly Listener[]
  /** Requests that are not answered yet, and how many of these have not sent all of their body. */
  readonly underWay: () => { readonly requests: number; readonly bodies: number }
}

/** How long a sender may take for the rest of a body once the door is closed. Anybody can begin one, and would hold up every stop. */
const bodyGraceMs = 2_500
/** Seen twice in a row, so that an answer that was given between has left. */
const lookPeriodMs = 250

/** The listening sockets. Bun closes idle connections itself and waits for the others. */
export function createDoor({ clock, listeners, underWay }: DoorDeps): Door {
  let closed: Promise<unknown> = Promise.resolve()
  let closedAtMs = 0
  const cut = () => {
    for (const { server } of listeners()) void server?.stop(true)
  }
  const watchBodies = () => {
    let wereAlone = false
    return repeat(clock, lookPeriodMs, () => {
      const { requests, bodies } = underWay()
      const areAlone = bodies > 0 && bodies === requests && clock.monotonic() - closedAtMs >= bodyGraceMs
      if (areAlone && wereAlone) cut()
      wereAlone = areAlone
    })
  }
  return {
    close() {
      closedAtMs = clock.monotonic()
      closed = Promise.all(listeners().map(({ server }) => server?.stop(false)))
    },
    async drained(signal) {
      let isCut = false
      const giveUp = () => {
        isCut = true
        cut()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      if (signal.aborted) giveUp()
      const watch = watchBodies()
      await closed
      watch.cancel()
      signal.removeEventListener('abort', giveUp)
      return !isCut
    },
  }
}
