import type { GroupSource, HeldEvent, Verdict } from './group-source.ts'
import type { SqliteCommits } from './sqlite-commits.ts'
import type { GroupName, LeftBehind, TakenEvent, VerdictRecord } from './sqlite-protocol.ts'

/** Events given back that one transaction loads again at most: each may be 1 MiB. */
const seqsMax = 64
/** A process that ended twice during a try of the same event may have ended because of it. */
const suspectTriesMin = 2

export interface SqliteHeld extends HeldEvent {
  readonly seq: number
}

export interface SqliteGroupOptions {
  readonly name: GroupName
  readonly commits: Pick<SqliteCommits, 'take' | 'settle'>
  /** Makes the group known to the file. */
  readonly open: () => Promise<readonly LeftBehind[]>
  /** Events are passed on and nothing is done with them: none of them is to blame where the process ends. Default false. */
  readonly isRelay?: boolean
}

/** What one group is handed from the file, and what it gives back. Who holds what is known here: one process has the file. */
export class SqliteGroup implements GroupSource<SqliteHeld> {
  readonly #options: SqliteGroupOptions
  /** Handed out before and given back, or left behind by an earlier process; oldest first. */
  #returned: number[] = []
  /** Events during which a process ended, twice: they go alone, so that the one to blame takes no other with it. */
  #suspects: number[] = []
  #runningSuspect: number | undefined
  #isOpen = false
  #hasNews = false
  #onNews: (() => void) | undefined

  constructor(options: SqliteGroupOptions) {
    this.#options = options
  }

  /** Resolves once the file knows the group: from then on it keeps events for it. Taking does this by itself. */
  async ready(): Promise<void> {
    await this.#open()
  }

  /** There may be something to take. */
  wake(): void {
    this.#hasNews = true
    this.#onNews?.()
  }

  /** The group was removed: nothing that was given back is wanted any more. */
  forgetAll(): void {
    this.#returned = []
    this.#suspects = []
  }

  async take(countMax: number, signal: AbortSignal): Promise<readonly SqliteHeld[]> {
    await this.#open()
    while (!signal.aborted) {
      this.#hasNews = false
      const taken = this.#suspects.length > 0 ? await this.#takeSuspect() : await this.#takeMany(countMax)
      if (taken.length > 0) return taken
      await this.#news(signal)
    }
    return []
  }

  async settle(verdicts: readonly Verdict<SqliteHeld>[]): Promise<void> {
    await this.#options.commits.settle(verdicts.map((verdict) => this.#asRecord(verdict)))
    if (verdicts.some(({ held }) => held.seq === this.#runningSuspect)) {
      this.#runningSuspect = undefined
      this.wake()
    }
  }

  release(held: readonly { readonly held: SqliteHeld; readonly attempt: number }[]): void {
    if (held.length === 0) return
    for (const { held: taken } of held) this.#returned.push(taken.seq)
    this.#returned.sort((left, right) => left - right)
    const records = held.map(({ held: taken, attempt }) => this.#waiting(taken, attempt - 1))
    // Where this fails a try counts that was not made: the event is delivered all the same.
    this.#options.commits.settle(records).catch(() => undefined)
    this.wake()
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return
    for (const { seq, wasBegun, tries } of await this.#options.open()) {
      if (wasBegun && tries >= suspectTriesMin && this.#options.isRelay !== true) this.#suspects.push(seq)
      else this.#returned.push(seq)
    }
    this.#isOpen = true
  }

  async #takeMany(countMax: number): Promise<readonly SqliteHeld[]> {
    const seqs = this.#returned.splice(0, Math.min(countMax, seqsMax))
    try {
      const taken = await this.#options.commits.take({ ...this.#options.name, seqs, countMax })
      if (taken.length === 0 && this.#returned.length > 0) this.wake()
      return taken
    } catch (error) {
      this.#returned.unshift(...seqs)
      throw error
    }
  }

  async #takeSuspect(): Promise<readonly TakenEvent[]> {
    const [seq] = this.#suspects
    if (this.#runningSuspect !== undefined || seq === undefined) return []
    const taken = await this.#options.commits.take({ ...this.#options.name, seqs: [seq], countMax: 1 })
    this.#suspects.shift()
    if (taken[0]?.seq === seq) this.#runningSuspect = seq
    return taken
  }

  /** Resolves when there may be something to take, or when `signal` aborts. */
  #news(signal: AbortSignal): Promise<void> {
    if (this.#hasNews || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onNews = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #asRecord(verdict: Verdict<SqliteHeld>): VerdictRecord {
    const { held } = verdict
    switch (verdict.kind) {
      case 'acknowledged':
        return { ...this.#subject(held), kind: 'acknowledged' }
      case 'failed':
        return this.#waiting(held, verdict.attempt - 1)
      case 'dead':
        return {
          ...this.#subject(held),
          kind: 'dead',
          attempts: verdict.attempts,
          reason: verdict.reason,
        }
    }
  }

  #waiting(held: SqliteHeld, tries: number): VerdictRecord {
    return { ...this.#subject(held), kind: 'waiting', tries }
  }

  #subject({ seq, event }: SqliteHeld): GroupName & { readonly seq: number; readonly size: number } {
    return { ...this.#options.name, seq, size: event.bytes.byteLength }
  }
}
