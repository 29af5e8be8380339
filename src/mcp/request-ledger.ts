import type { Principal } from './registry.ts'
import type { RpcId, RpcMessage } from './rpc.ts'

/** On whose behalf a message came, and under which correlation id it is logged. */
export interface CallInfo {
  readonly principal: Principal
  readonly correlationId: string
}

export type LedgerRefusal = 'duplicate' | 'full'

/**
 * The requests of one session that wait for an answer. Each gets an id of ours, from 1 up, under which the SDK knows it. That keeps apart what
 * sdk 1.32.2 mixes up: it ignores the cancellation of id 0, and of two requests with one id it answers only the second.
 */
export class RequestLedger {
  readonly #inFlightMax: number
  readonly #ownByForeign = new Map<RpcId, number>()
  readonly #entries = new Map<number, { readonly foreign: RpcId; readonly call: CallInfo }>()
  #last = 0

  constructor(inFlightMax: number) {
    this.#inFlightMax = inFlightMax
  }

  get size(): number {
    return this.#entries.size
  }

  begin(foreign: RpcId, call: CallInfo): number | LedgerRefusal {
    if (this.#ownByForeign.has(foreign)) return 'duplicate'
    if (this.#entries.size >= this.#inFlightMax) return 'full'
    const own = ++this.#last
    this.#ownByForeign.set(foreign, own)
    this.#entries.set(own, { foreign, call })
    return own
  }

  callOf(own: RpcId): CallInfo | undefined {
    return typeof own === 'number' ? this.#entries.get(own)?.call : undefined
  }

  /** The requests that wait, by our ids. */
  waiting(): readonly { readonly own: number; readonly correlationId: string }[] {
    return [...this.#entries].map(([own, { call }]) => ({ own, correlationId: call.correlationId }))
  }

  /** The id under which the client waits, once: afterwards the request is over. */
  settle(own: RpcId): RpcId | undefined {
    const entry = typeof own === 'number' ? this.#entries.get(own) : undefined
    if (entry === undefined) return undefined
    this.#entries.delete(Number(own))
    this.#ownByForeign.delete(entry.foreign)
    return entry.foreign
  }

  /** The request that a `notifications/cancelled` is about, by our id; undefined where none waits. */
  cancelled(message: RpcMessage): number | undefined {
    if (message.kind !== 'notification' || message.message.method !== 'notifications/cancelled')
      return undefined
    const foreign = message.message.params?.['requestId']
    return typeof foreign === 'string' || typeof foreign === 'number'
      ? this.#ownByForeign.get(foreign)
      : undefined
  }
}
