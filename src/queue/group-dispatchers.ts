import type { RetryPolicy, Subscription } from './driver.ts'
import { type DispatcherDeps, GroupDispatcher } from './group-dispatcher.ts'
import type { GroupSource, HeldEvent } from './group-source.ts'

export interface DispatchersOptions<Source> {
  /** What a store does for a group; called once per group, and again for one that `closeSource` has ended. */
  readonly createSource: (topic: string, group: string) => Source
  /** Frees what a source holds while it has members; never rejects. Without it sources last as long as the driver. */
  readonly closeSource?: (source: Source) => Promise<void>
  readonly retry: RetryPolicy
  readonly deps: DispatcherDeps
}

interface Entry<Held extends HeldEvent, Source> {
  readonly topic: string
  readonly group: string
  readonly source: Source
  readonly dispatcher: GroupDispatcher<Held>
}

/** The groups of this process that somebody has consumed from. */
export class GroupDispatchers<Held extends HeldEvent, Source extends GroupSource<Held>> {
  readonly #options: DispatchersOptions<Source>
  readonly #running = new Set<Promise<void>>()
  #entries: Entry<Held, Source>[] = []
  #isStopped = false

  constructor(options: DispatchersOptions<Source>) {
    this.#options = options
  }

  async subscribe(subscription: Subscription): Promise<void> {
    if (this.#isStopped) return
    const running = this.#run(this.#entry(subscription.topic, subscription.group), subscription)
    this.#running.add(running)
    await running
    this.#running.delete(running)
  }

  sourcesOf(topic: string): readonly Source[] {
    return this.#entries.filter((entry) => entry.topic === topic).map(({ source }) => source)
  }

  source(topic: string, group: string): Source | undefined {
    return this.#find(topic, group)?.source
  }

  hasMembers(topic: string, group: string): boolean {
    return (this.#find(topic, group)?.dispatcher.memberCount ?? 0) > 0
  }

  /** Forgets a group without members. */
  remove(topic: string, group: string): void {
    const gone = this.#find(topic, group)
    this.#entries = this.#entries.filter((entry) => entry !== gone)
  }

  /** Ends every subscription; resolves once their handlers have settled and their verdicts are kept. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { dispatcher } of this.#entries) dispatcher.stop()
    await Promise.all(this.#running)
    this.#entries = []
  }

  async #run(entry: Entry<Held, Source>, subscription: Subscription): Promise<void> {
    const { closeSource } = this.#options
    await entry.dispatcher.run(subscription)
    if (closeSource === undefined || entry.dispatcher.memberCount > 0 || !this.#entries.includes(entry))
      return
    this.#entries = this.#entries.filter((other) => other !== entry)
    await closeSource(entry.source)
  }

  #find(topic: string, group: string): Entry<Held, Source> | undefined {
    return this.#entries.find((entry) => entry.group === group && entry.topic === topic)
  }

  #entry(topic: string, group: string): Entry<Held, Source> {
    const known = this.#find(topic, group)
    if (known !== undefined) return known
    const { createSource, retry, deps } = this.#options
    const source = createSource(topic, group)
    const entry = { topic, group, source, dispatcher: new GroupDispatcher<Held>(source, retry, deps) }
    this.#entries.push(entry)
    return entry
  }
}
