import { BoundedMap } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import { hashBytes } from '../slack/signature.ts'

/** How long a key protects a write against being done twice. */
export const idempotencyTtlMs = 24 * 60 * 60_000

/** Whose key it is, and for what: the same word of another principal, or for another tool, is another key. */
export interface WriteKey {
  readonly principal: string
  readonly tool: string
  readonly key: string
}

/** What is remembered of a write under its key. */
export interface IdempotencyRecord {
  /** What was asked for; the same key with another request is a mistake of the caller. */
  readonly fingerprint: string
  /** `unknown`: it was sent, and nobody knows whether it happened. */
  readonly state: 'running' | 'done' | 'unknown'
  /** The outcome as JSON, where it is done. */
  readonly outcome: string | undefined
}

/** Where the keys are kept, each for `idempotencyTtlMs`. Rejects with IDEMPOTENCY_UNAVAILABLE where that place is away. */
export interface IdempotencyStore {
  /** Claims `key` for a new write; the record that is there already where somebody else has. One atomic step. */
  claim(key: WriteKey, record: IdempotencyRecord): Promise<IdempotencyRecord | undefined>
  /** Replaces the record of a claimed key. */
  settle(key: WriteKey, record: IdempotencyRecord): Promise<void>
  /** Gives a key back whose write certainly did not happen. */
  release(key: WriteKey): Promise<void>
}

/** Principals whose keys are remembered; those of the least recently active give way. */
const principalsMax = 200

/** Keys of one principal. Each has a bound of its own, so that a busy one cannot push out what protects another. */
export const keysPerPrincipalMax = 1_000

/** Keys in the memory of this process: gone with it, and not seen by other replicas. The least recently used give way. */
export function createMemoryIdempotencyStore(clock: Clock): IdempotencyStore {
  const byPrincipal = new BoundedMap<string, BoundedMap<string, IdempotencyRecord>>({
    entriesMax: principalsMax,
  })
  const recordsOf = (principal: string) => {
    const known = byPrincipal.get(principal)
    if (known !== undefined) return known
    const records = new BoundedMap<string, IdempotencyRecord>({
      entriesMax: keysPerPrincipalMax,
      ttlMs: idempotencyTtlMs,
      clock,
    })
    byPrincipal.set(principal, records)
    return records
  }
  return {
    async claim(key, record) {
      const records = recordsOf(key.principal)
      const existing = records.get(nameOf(key))
      if (existing === undefined) records.set(nameOf(key), record)
      return existing
    },
    async settle(key, record) {
      recordsOf(key.principal).set(nameOf(key), record)
    },
    async release(key) {
      recordsOf(key.principal).delete(nameOf(key))
    },
  }
}

function nameOf({ tool, key }: WriteKey): string {
  return `${tool}\n${key}`
}

/** The same for the same arguments, in whatever order a client writes them. */
export function fingerprintOf(request: object): string {
  return hashBytes(new TextEncoder().encode(JSON.stringify(request, inOrder)))
}

function inOrder(_: string, value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
}

export interface GuardedWrite<Outcome> {
  readonly key: WriteKey
  readonly fingerprint: string
  run(): Promise<Outcome>
  parse(json: string): Outcome
  /** Hears that a key could not be given its outcome: it stays taken, and whoever uses it again is told to look. */
  onUnsettled(error: unknown): void
}

/**
 * Runs a write at most once under its key: a repetition gets the first outcome, also while the first still runs it is refused rather than
 * repeated. After an unknown outcome the key stays taken, since sending again could do it twice. Nothing runs where the key cannot be claimed.
 */
export async function runOnce<Outcome>(
  store: IdempotencyStore,
  { key, fingerprint, run, parse, onUnsettled }: GuardedWrite<Outcome>,
): Promise<Outcome> {
  const existing = await store.claim(key, { fingerprint, state: 'running', outcome: undefined })
  if (existing !== undefined) return repeat(existing, fingerprint, parse)
  let outcome: Outcome
  try {
    outcome = await run()
  } catch (error) {
    const isOver = mayHaveHappened(error)
      ? store.settle(key, { fingerprint, state: 'unknown', outcome: undefined })
      : store.release(key)
    await isOver.catch(onUnsettled)
    throw error
  }
  // It is done: that its key could not be told so must not make a failure of it.
  await store.settle(key, { fingerprint, state: 'done', outcome: JSON.stringify(outcome) }).catch(onUnsettled)
  return outcome
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
  throw new AppError('SLACK_OUTCOME_UNKNOWN', { details: { hint: hintOf[existing.state] } })
}

const lookHint = 'Read the channel to see whether it arrived; use a new key to send it again.'

const hintOf = {
  running: `The first call with this key is still under way, or its server ended before it knew. ${lookHint}`,
  unknown: lookHint,
  done: lookHint,
} as const satisfies Record<IdempotencyRecord['state'], string>

/** Cancelled or unanswered: the request may have reached Slack. */
function mayHaveHappened(error: unknown): boolean {
  return (
    !(error instanceof AppError) ||
    ['SLACK_OUTCOME_UNKNOWN', 'CALL_CANCELLED', 'INTERNAL'].includes(error.code)
  )
}
