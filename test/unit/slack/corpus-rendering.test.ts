import { expect, test } from 'bun:test'
import { parseMessage } from '../../../src/slack/message.ts'
import { noNames } from '../../../src/slack/text.ts'
import { renderMessage } from '../../../src/slack/text-message.ts'
import { corpusFiles, hasCorpus } from '../../support/corpus.ts'

/** Everything in a payload that is a message or holds the parts of one. */
function messagesIn(value: unknown, found: Record<string, unknown>[] = []): Record<string, unknown>[] {
  if (Array.isArray(value)) for (const member of value) messagesIn(member, found)
  else if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>
    const isMessage =
      record['type'] === 'message' ||
      Array.isArray(record['blocks']) ||
      Array.isArray(record['attachments']) ||
      (typeof record['text'] === 'string' && typeof record['ts'] === 'string')
    if (isMessage) found.push(record)
    for (const member of Object.values(record)) messagesIn(member, found)
  }
  return found
}

test.skipIf(!hasCorpus)('renders every recorded message without throwing and without an empty body', () => {
  let messageCount = 0
  for (const { name, bytes } of corpusFiles('.')) {
    for (const message of messagesIn(JSON.parse(bytes.toString()))) {
      messageCount++
      const rendered = renderMessage(parseMessage(message), noNames)
      if (rendered.trim() === '') throw new Error(`Empty: ${name}`)
    }
  }
  // The corpus holds 240; a wrong path or filter would find few and prove nothing.
  expect(messageCount).toBeGreaterThanOrEqual(240)
})
