export interface LimitedBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether there was more than was read. */
  readonly isCut: boolean
}

/** Reads at most `bytesMax` bytes of an answer and lets go of the rest. Rejects as `body` does: when its signal aborts or the connection breaks. */
export async function readLimited(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<LimitedBody> {
  if (body === null) return { bytes: new Uint8Array(0), isCut: false }
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { bytes: Buffer.concat(chunks), isCut: false }
    chunks.push(value)
    byteCount += value.byteLength
    if (byteCount > bytesMax) {
      await reader.cancel().catch(() => undefined)
      return { bytes: Buffer.concat(chunks).subarray(0, bytesMax), isCut: true }
    }
  }
}
