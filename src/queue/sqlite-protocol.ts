import type {
  DeadLetter,
  DeadLetterPage,
  GroupInfo,
  LetterName,
  Purge,
  QueueDepth,
  QueuedEvent,
} from './driver.ts'
import type { DurableLimits } from './limits.ts'
import type { PackedEvents } from './packed-events.ts'
import type { FindBite, PurgeBite } from './sqlite-search.ts'

/** What the main thread and the writer thread say to each other. Plain data: it crosses by structured clone. */

export interface OpenRequest {
  /** The folder that holds our files; made inside its parent, which must exist. */
  readonly directory: string
  /** Of this process, for the message that the next one on the same directory gets. */
  readonly pid: number
  readonly limits: DurableLimits
  /** How long a transaction waits for somebody else's lock on the file, milliseconds. */
  readonly lockWaitMs: number
}

export interface GroupName {
  readonly topic: string
  readonly group: string
}

/** Events for one group: those given back before, by number, then new ones until there are `countMax`. */
export interface TakeRequest extends GroupName {
  readonly seqs: readonly number[]
  readonly countMax: number
}

/** What became of an event in the hands of the main thread. */
export type VerdictRecord = GroupName & {
  readonly seq: number
  /** Bytes of the event: a damaged file may no longer find the row that says it. */
  readonly size: number
} & (
    | { readonly kind: 'acknowledged' }
    /** Not tried at the moment; `tries` have ended. */
    | { readonly kind: 'waiting'; readonly tries: number }
    | { readonly kind: 'dead'; readonly attempts: number; readonly reason: string }
  )

/** Everything that waits, in one transaction. */
export interface CommitRequest {
  readonly publishes: readonly QueuedEvent[]
  readonly verdicts: readonly VerdictRecord[]
  readonly takes: readonly TakeRequest[]
}

/** The same on its way to the writer. */
export type PackedCommitRequest = Omit<CommitRequest, 'publishes'> & { readonly publishes: PackedEvents }

export interface TakenEvent {
  readonly seq: number
  readonly event: QueuedEvent
  /** The try that the main thread is about to begin. */
  readonly attempt: number
}

export type PublishOutcome = 'stored' | 'duplicate' | 'full'

export interface CommitReply {
  readonly outcomes: readonly PublishOutcome[]
  /** One list per take of the request; undefined where the group is no more. */
  readonly taken: readonly (readonly TakenEvent[] | undefined)[]
  readonly losses: Losses
}

/** One take's events on their way to the main thread. */
export interface PackedTaken {
  readonly seqs: readonly number[]
  readonly attempts: readonly number[]
  readonly events: PackedEvents
}

export type PackedCommitReply = Omit<CommitReply, 'taken'> & {
  readonly taken: readonly (PackedTaken | undefined)[]
}

/** Counts since the last reply. */
export interface Losses {
  readonly no_subscriber: number
  readonly drop_oldest: number
  readonly dead_letter_evicted: number
  /** Rows whose checksum did not match, set aside. */
  readonly quarantined: number
}

/** An event that was handed out before this process began. */
export interface LeftBehind {
  readonly seq: number
  /** A try was under way when the process ended. */
  readonly wasBegun: boolean
  readonly tries: number
}

/** Every question with its answer. */
export interface WriterCalls {
  open: { request: OpenRequest; reply: null }
  commit: { request: PackedCommitRequest; reply: PackedCommitReply }
  /** Makes the group known; answers what was handed out and never settled. */
  openGroup: { request: GroupName; reply: readonly LeftBehind[] }
  ping: { request: null; reply: null }
  depth: { request: null; reply: QueueDepth }
  groups: { request: null; reply: readonly GroupInfo[] }
  removeGroup: { request: GroupName & { readonly hasMembers: boolean }; reply: boolean }
  deadLetters: { request: { readonly topic: string; readonly limit: number }; reply: readonly DeadLetter[] }
  deadLetterPage: {
    request: { readonly topic: string; readonly from: string | undefined }
    reply: DeadLetterPage
  }
  /** False where there was no such letter, or no such group. */
  replay: { request: LetterName; reply: boolean }
  removeDeadLetter: { request: LetterName; reply: boolean }
  recent: { request: { readonly topic: string; readonly limit: number }; reply: readonly QueuedEvent[] }
  /** One bite of a search, newest first; `beforeSeq` is null at its beginning. */
  find: {
    request: { readonly topic: string; readonly eventId: string; readonly beforeSeq: number | null }
    reply: FindBite
  }
  /** One bite of a purge, oldest first; `afterSeq` is 0 at its beginning. */
  purge: { request: Purge & { readonly afterSeq: number }; reply: PurgeBite }
  /** Removes a bite of what is too old; true while there is more. */
  sweep: { request: null; reply: boolean }
  close: { request: null; reply: null }
}

export type WriterKind = keyof WriterCalls
export type WriterReply<Kind extends WriterKind> = WriterCalls[Kind]['reply']

/** A question on its way. `nowMs` is the wall clock of the main thread: the writer has none of its own. */
export type WriterEnvelope = {
  [Kind in WriterKind]: {
    readonly callId: number
    readonly nowMs: number
    readonly kind: Kind
    readonly request: WriterCalls[Kind]['request']
  }
}[WriterKind]

/** Why the writer could not. `code` is SQLite's or the system's name for it, or one of ours for the state directory. */
export interface WriterFailure {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string | number>>
}

/** The file could not be read: it lies aside, and a new one began with what could be rescued. */
export interface FileRepair {
  readonly asidePath: string
  /** Events. */
  readonly rescued: number
}

export type WriterAnswer =
  | { readonly callId: number; readonly reply: unknown; readonly repair?: FileRepair }
  | { readonly callId: number; readonly failure: WriterFailure }
