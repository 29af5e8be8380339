/** Whoever waits for the next time that something happens. What it is, the owner says; who has waited looks whether it was that. */
export class Waiters {
  #resolves: (() => void)[] = []

  /** Resolves with the next `release`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#resolves.push(resolve))
  }

  /** Lets go on whoever waits now. */
  release(): void {
    const resolves = this.#resolves
    this.#resolves = []
    for (const resolve of resolves) resolve()
  }
}
