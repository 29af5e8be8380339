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
  /** In the dispatcher's hands. */
  readonly #held = new Set<number>()
  #isOpen = false
  /** A take was refused: a transaction whose sync failed may be in the file all the same, once that is opened anew. */
  #isUnsure = false
  #hasNews = false
  #isExhausted = false
  #onNews: (() => void) | undefined

  constructor(options: SqliteGroupOptions) {
    this.#options = options
  }

  /** A take has found nothing and waits for what comes. */
  get isExhausted(): boolean {
    return this.#isExhausted
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
    while (!signal.aborted) {
      await this.#open()
      if (this.#isUnsure) await this.#recover()
      this.#hasNews = false
      const taken = this.#suspects.length > 0 ? await this.#takeSuspect() : await this.#takeMany(countMax)
      for (const { seq } of taken) this.#held.add(seq)
      if (taken.length > 0) return taken
      if (this.#isOpen) await this.#news(signal)
    }
    return []
  }

  async settle(verdicts: readonly Verdict<SqliteHeld>[]): Promise<void> {
    await this.#options.commits.settle(verdicts.map((verdict) => this.#asRecord(verdict)))
    for (const { kind, held } of verdicts) if (kind !== 'failed') this.#held.delete(held.seq)
    if (verdicts.some(({ held }) => held.seq === this.#runningSuspect)) {
      this.#runningSuspect = undefined
      this.wake()
    }
  }

  release(held: readonly { readonly held: SqliteHeld; readonly attempt: number }[]): void {
    if (held.length === 0) return
    for (const { held: taken } of held) this.#held.delete(taken.seq)
    this.#giveBack(held.map(({ held: taken }) => taken.seq))
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

  /** Finds what the file says is in our hands and is not. */
  async #recover(): Promise<void> {
    const behind = (await this.#options.open()).map(({ seq }) => seq)
    const known = new Set([...this.#held, ...this.#returned, ...this.#suspects])
    this.#giveBack(behind.filter((seq) => !known.has(seq)))
    this.#isUnsure = false
  }

  #giveBack(seqs: readonly number[]): void {
    this.#returned.push(...seqs)
    this.#returned.sort((left, right) => left - right)
  }

  async #takeMany(countMax: number): Promise<readonly SqliteHeld[]> {
    const seqs = this.#returned.splice(0, Math.min(countMax, seqsMax))
    try {
      const taken = await this.#take(seqs, countMax)
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
    const taken = await this.#take([seq], 1)
    this.#suspects.shift()
    if (taken[0]?.seq === seq) this.#runningSuspect = seq
    return taken
  }

  async #take(seqs: readonly number[], countMax: number): Promise<readonly TakenEvent[]> {
    try {
      const taken = await this.#options.commits.take({ ...this.#options.name, seqs, countMax })
      // Removed meanwhile: whoever still wants events of it makes it anew, and a take that nobody waits for any more does not.
      if (taken === undefined) this.#isOpen = false
      return taken ?? []
    } catch (error) {
      this.#isUnsure = true
      throw error
    }
  }

  /** Resolves when there may be something to take, or when `signal` aborts. */
  async #news(signal: AbortSignal): Promise<void> {
    if (this.#hasNews || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#onNews = wake
    signal.addEventListener('abort', wake, { once: true })
    this.#isExhausted = true
    await promise
    this.#isExhausted = false
    // The signal comes with many takes: listeners that stayed would gather.
    signal.removeEventListener('abort', wake)
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
