import { expect, test } from 'bun:test'
import { readLimited } from '../../../src/slack/limited-body.ts'

/** A body of `chunkCount` chunks of 4 bytes that knows how much was asked of it, and whether it was let go of. */
function makeBody(chunkCount: number) {
  const seen = { pulled: 0, isCancelled: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.pulled === chunkCount) return controller.close()
        controller.enqueue(new Uint8Array(4).fill(seen.pulled++))
      },
      cancel() {
        seen.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { body, seen }
}

test.each([
  [7, 7, true],
  [8, 8, false],
  [9, 8, false],
])('reads of 8 bytes at most %p: %p, cut: %p', async (bytesMax, byteCount, isCut) => {
  const { body } = makeBody(2)
  const read = await readLimited(body, bytesMax)
  expect(read.bytes).toEqual(new Uint8Array([0, 0, 0, 0, 1, 1, 1, 1]).subarray(0, byteCount))
  expect(read.isCut).toBe(isCut)
})

test('asks for nothing beyond the limit and lets go of the rest', async () => {
  const { body, seen } = makeBody(1000)
  await readLimited(body, 10)
  expect(seen).toEqual({ pulled: 3, isCancelled: true })
})

test('takes no body for an empty one', async () => {
  expect(await readLimited(null, 10)).toEqual({ bytes: new Uint8Array(0), isCut: false })
})

test('rejects where the body breaks', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error('broken')),
  })
  await expect(readLimited(body, 10)).rejects.toThrow('broken')
})
