/** How far a long call is. Within one stage the numbers grow; one that does not begins the next stage, and is counted on top of the last. */
export interface Progress {
  readonly progress: number
  /** Where the stage ends, if that is known. */
  readonly total?: number
  /** What is being done, for a person who waits. */
  readonly message?: string
}
