import { BoundedMap } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'

/** How long a key protects a write against being done twice. */
export const idempotencyTtlMs = 24 * 60 * 60_000
const keysMax = 10_000

/** What is remembered of a write under its key. */
export interface IdempotencyRecord {
  /** What was asked for; the same key with another request is a mistake of the caller. */
  readonly fingerprint: string
  /** `unknown`: it was sent, and nobody knows whether it happened. */
  readonly state: 'running' | 'done' | 'unknown'
  /** The outcome as JSON, where it is done. */
  readonly outcome: string | undefined
}

/** Where the keys are kept: in memory here; another backend may share them between replicas. */
export interface IdempotencyStore {
  /** Claims `key` for a new write; the record that is there already where somebody else has. One atomic step. */
  claim(key: string, record: IdempotencyRecord): Promise<IdempotencyRecord | undefined>
  /** Replaces the record of a claimed key. */
  settle(key: string, record: IdempotencyRecord): Promise<void>
  /** Gives a key back whose write certainly did not happen. */
  release(key: string): Promise<void>
}

/** Keys in the memory of this process: gone with it, and not seen by other replicas. */
export function createMemoryIdempotencyStore(clock: Clock): IdempotencyStore {
  const records = new BoundedMap<string, IdempotencyRecord>({
    entriesMax: keysMax,
    ttlMs: idempotencyTtlMs,
    clock,
  })
  return {
    async claim(key, record) {
      const existing = records.get(key)
      if (existing === undefined) records.set(key, record)
      return existing
    },
    async settle(key, record) {
      records.set(key, record)
    },
    async release(key) {
      records.delete(key)
    },
  }
}

export interface GuardedWrite<Outcome> {
  /** Principal, tool and the caller's key. */
  readonly key: string
  readonly fingerprint: string
  run(): Promise<Outcome>
  parse(json: string): Outcome
}

/**
 * Runs a write at most once under its key: a repetition gets the first outcome, also while the first still runs it is refused rather than
 * repeated. After an unknown outcome the key stays taken, since sending again could do it twice.
 */
export async function runOnce<Outcome>(
  store: IdempotencyStore,
  { key, fingerprint, run, parse }: GuardedWrite<Outcome>,
): Promise<Outcome> {
  const existing = await store.claim(key, { fingerprint, state: 'running', outcome: undefined })
  if (existing !== undefined) return repeat(existing, fingerprint, parse)
  try {
    const outcome = await run()
    await store.settle(key, { fingerprint, state: 'done', outcome: JSON.stringify(outcome) })
    return outcome
  } catch (error) {
    if (mayHaveHappened(error)) await store.settle(key, { fingerprint, state: 'unknown', outcome: undefined })
    else await store.release(key)
    throw error
  }
}

function repeat<Outcome>(
  existing: IdempotencyRecord,
  fingerprint: string,
  parse: (json: string) => Outcome,
): Outcome {
  if (existing.fingerprint !== fingerprint) {
    throw new AppError('TOOL_ARGUMENTS_INVALID', {
      details: {
        field: 'idempotency_key',
        given: 'a key that was used with other arguments',
        accepted: 'a new key for a new message',
        example: 'report-2026-11-24-a',
      },
    })
  }
  if (existing.outcome !== undefined) return parse(existing.outcome)
  const hint =
    existing.state === 'running'
      ? 'The first call with this key is still under way.'
      : 'Read the channel to see whether it arrived; use a new key to send it again.'
  throw new AppError('SLACK_OUTCOME_UNKNOWN', { details: { hint } })
}

/** Cancelled or unanswered: the request may have reached Slack. */
function mayHaveHappened(error: unknown): boolean {
  return (
    !(error instanceof AppError) ||
    ['SLACK_OUTCOME_UNKNOWN', 'CALL_CANCELLED', 'INTERNAL'].includes(error.code)
  )
}
