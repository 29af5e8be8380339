import { describe, expect, test } from 'bun:test'
import { corpusFiles, hasCorpus } from '../support/corpus.ts'
import { createWebhookFixture } from '../support/http-fixture.ts'

describe.skipIf(!hasCorpus)('recorded events', () => {
  const files = corpusFiles('events')

  test('every recorded outer event is taken, and each stored once with its bytes unchanged', async () => {
    expect(files.length).toBeGreaterThan(100)
    const { post, queue } = createWebhookFixture()
    const sent = new Map<string, Buffer>()
    for (const { name, bytes } of files) {
      const response = await post(new Uint8Array(bytes))
      expect(`${name} ${response.status}`).toBe(`${name} 200`)
      const last = queue.events.at(-1)
      if (last !== undefined && !sent.has(last.id)) sent.set(last.id, bytes)
    }
    expect(queue.events.length).toBe(sent.size)
    for (const event of queue.events)
      expect(Buffer.from(event.bytes).equals(sent.get(event.id) ?? Buffer.alloc(0))).toBe(true)
    const distinct = new Set(files.map(({ bytes }) => identityOf(bytes)).filter((id) => id !== undefined))
    expect(queue.events.length).toBe(distinct.size)
  })
})

/** What a recorded body is stored under: its event_id, else its bytes; undefined for the handshake, which is not stored. */
function identityOf(bytes: Buffer): string | undefined {
  const outer = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
  if (outer['type'] === 'url_verification') return undefined
  const id = outer['event_id']
  return typeof id === 'string' && id !== '' ? id : bytes.toString('base64')
}
