interface Keyed {
  readonly key: string
}

interface Lane<Task> {
  /** Who is at work. */
  head: Task
  readonly waiting: Task[]
}

/** Lets one event per key through at a time, in the order of arrival. Until order is asked for, it lets everything through. */
export class KeyLanes<Task extends Keyed> {
  isOrdered = false
  readonly #lanes = new Map<string, Lane<Task>>()

  /** True where the task may go at once; else it waits for those before it. */
  enter(task: Task): boolean {
    if (!this.isOrdered) return true
    const lane = this.#lanes.get(task.key)
    if (lane === undefined) {
      this.#lanes.set(task.key, { head: task, waiting: [] })
      return true
    }
    lane.waiting.push(task)
    return false
  }

  /** The next task of the key, which may go now. A task that entered before order was asked for has no lane to leave. */
  leave(task: Task): Task | undefined {
    const lane = this.#lanes.get(task.key)
    if (lane?.head !== task) return undefined
    const next = lane.waiting.shift()
    if (next === undefined) this.#lanes.delete(task.key)
    else lane.head = next
    return next
  }

  /** Empties every lane and returns who waited. */
  clear(): readonly Task[] {
    const waiting = [...this.#lanes.values()].flatMap((lane) => lane.waiting)
    this.#lanes.clear()
    return waiting
  }
}
