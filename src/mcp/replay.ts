import type { EventLog, LoggedEvent } from './event-log.ts'
import { type Backlog, renderEvent } from './sse-stream.ts'

/** How much of the log is held at a time while it is replayed; one event always. */
const batchCharactersMax = 64 * 1024

export interface Replay {
  /** The stream of the session that the cursor belongs to. */
  readonly stream: number
  /** Whether nothing followed the cursor so far. */
  readonly isAtEnd: boolean
  readonly backlog: Backlog
}

/**
 * What followed an event on its stream, read from the log only as fast as it is taken, and on to what is appended meanwhile. Undefined where `owner`
 * has no such event any more; where the log lets go of what was not taken yet, the replay is broken off rather than incomplete.
 */
export function createReplay(log: EventLog, owner: object, lastEventId: string): Replay | undefined {
  const found = log.after(owner, lastEventId, batchCharactersMax)
  if (found === undefined) return undefined
  let cursor = lastEventId
  let batch: readonly LoggedEvent[] = found.events
  let next = 0
  return {
    stream: found.stream,
    isAtEnd: found.events.length === 0,
    backlog() {
      if (next === batch.length) {
        const rest = log.after(owner, cursor, batchCharactersMax)
        if (rest === undefined) return { kind: 'gone' }
        batch = rest.events
        next = 0
      }
      const event = batch[next++]
      if (event === undefined) return { kind: 'caught_up' }
      cursor = event.id
      return { kind: 'text', text: renderEvent(event.data, event.id) }
    },
  }
}
