/** A listener, as far as stopping it is concerned; Elysia's instance is one. */
interface Listener {
  readonly server: { stop(isAbrupt: boolean): Promise<void> } | null
}

export interface Door {
  /** Takes no new connection; returns at once, since streams end only when whoever writes them ends them. */
  close(): void
  /** Resolves with true once every request was answered, or with false after cutting what was left when `signal` aborted. */
  drained(signal: AbortSignal): Promise<boolean>
}

/** The listening sockets. Bun closes idle connections itself and waits for the others. */
export function createDoor(listeners: () => readonly Listener[]): Door {
  let closed: Promise<unknown> = Promise.resolve()
  return {
    close() {
      closed = Promise.all(listeners().map(({ server }) => server?.stop(false)))
    },
    async drained(signal) {
      let isCut = false
      const cut = () => {
        isCut = true
        for (const { server } of listeners()) void server?.stop(true)
      }
      signal.addEventListener('abort', cut, { once: true })
      if (signal.aborted) cut()
      await closed
      signal.removeEventListener('abort', cut)
      return !isCut
    },
  }
}
