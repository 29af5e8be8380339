/** What nearly every event of Slack fits into, in bytes. */
const smallBodyBytesMax = 16 * 1024
/** The part of the budget that larger bodies may hold together. */
const largeBodiesShare = 0.75

/**
 * How many bytes of unfinished request bodies the process holds, over all requests (T6). The last quarter is for small bodies: whoever stalls with
 * large ones cannot lock out the events that are sent meanwhile.
 */
export class BodyBudget {
  readonly #bytesMax: number
  #bytesHeld = 0
  #unfinishedCount = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytesHeld(): number {
    return this.#bytesHeld
  }

  /** Bodies that are being read. */
  get unfinishedCount(): number {
    return this.#unfinishedCount
  }

  /** A body begins (1) or was read as far as it is read (-1). */
  countUnfinished(by: 1 | -1): void {
    this.#unfinishedCount += by
  }

  /** Reserves `byteCount` for a body that is `bodyBytes` long so far; false, and nothing reserved, where that would exceed the budget. */
  reserve(byteCount: number, bodyBytes: number = byteCount): boolean {
    const bytesMax = bodyBytes <= smallBodyBytesMax ? this.#bytesMax : this.#bytesMax * largeBodiesShare
    if (this.#bytesHeld + byteCount > bytesMax) return false
    this.#bytesHeld += byteCount
    return true
  }

  release(byteCount: number): void {
    this.#bytesHeld -= byteCount
  }
}

export interface BodyLimits {
  readonly bytesMax: number
  readonly budget: BodyBudget
}

/** The bytes of a body, or why they were not read: over `bytesMax`, over the budget of the process, or the sender went away. */
export type BodyResult =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too_large' | 'over_budget' | 'broken_off' }

/**
 * Reads a body of at most `bytesMax` bytes. The declared length is refused before anything is read; a body without one is counted while it
 * arrives. What is read counts against the budget until this function returns: afterwards the bytes belong to the caller.
 */
export function readBody(request: Request, limits: BodyLimits): Promise<BodyResult> {
  const declared = request.headers.get('content-length')
  if (declared !== null) return readDeclared(request, Number(declared), limits)
  // Only here is the body touched: the runtime makes a stream of it then, which costs more than all the rest.
  return request.body === null
    ? Promise.resolve({ kind: 'bytes', bytes: new Uint8Array(0) })
    : readCounted(request.body, limits)
}

/** A declared length is reserved at once, so that a thousand stalled senders cannot each hold a little less than the limit. */
async function readDeclared(
  request: Request,
  byteCount: number,
  { bytesMax, budget }: BodyLimits,
): Promise<BodyResult> {
  if (byteCount > bytesMax) return { kind: 'too_large' }
  if (!budget.reserve(byteCount)) return { kind: 'over_budget' }
  budget.countUnfinished(1)
  try {
    // Not by way of arrayBuffer(): each object less is one that the collector need not walk while the event is kept.
    return { kind: 'bytes', bytes: await request.bytes() }
  } catch {
    return { kind: 'broken_off' }
  } finally {
    budget.countUnfinished(-1)
    budget.release(byteCount)
  }
}

async function readCounted(
  body: ReadableStream<Uint8Array>,
  { bytesMax, budget }: BodyLimits,
): Promise<BodyResult> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  const reader = body.getReader()
  budget.countUnfinished(1)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { kind: 'bytes', bytes: join(chunks, byteCount) }
      if (byteCount + value.byteLength > bytesMax) return await refuse(reader, 'too_large')
      if (!budget.reserve(value.byteLength, byteCount + value.byteLength))
        return await refuse(reader, 'over_budget')
      byteCount += value.byteLength
      chunks.push(value)
    }
  } catch {
    return { kind: 'broken_off' }
  } finally {
    budget.countUnfinished(-1)
    budget.release(byteCount)
  }
}

/** Tells the sender to stop; whether it listens does not matter any more. */
async function refuse(
  reader: { cancel(): Promise<void> },
  kind: 'too_large' | 'over_budget',
): Promise<BodyResult> {
  await reader.cancel().catch(() => undefined)
  return { kind }
}

function join(chunks: readonly Uint8Array[], byteCount: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(byteCount)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
