import type { Progress } from '../base/progress.ts'

/** On whose behalf something is looked up: who can end it, and hears how far it is where it takes more than one step. */
export interface LookUp {
  readonly signal: AbortSignal
  progress?(progress: Progress): void
}
