import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  conversationIdPattern,
  parseConversationReference,
  parseUserReference,
  permalinkOf,
  userIdPattern,
} from '../../../src/slack/reference.ts'

test.each([
  ['C0123ABCD', { kind: 'id', id: 'C0123ABCD' }],
  ['D0123ABCD', { kind: 'id', id: 'D0123ABCD' }],
  [' G0123ABCD ', { kind: 'id', id: 'G0123ABCD' }],
  ['<#C0123ABCD>', { kind: 'id', id: 'C0123ABCD' }],
  ['<#C0123ABCD|general>', { kind: 'id', id: 'C0123ABCD' }],
  ['#general', { kind: 'name', name: 'general' }],
  ['General', { kind: 'name', name: 'general' }],
  ['#größe-é', { kind: 'name', name: 'größe-é' }],
  ['U0123ABCD', { kind: 'user', user: { kind: 'id', id: 'U0123ABCD' } }],
  ['<@U0123ABCD|ada>', { kind: 'user', user: { kind: 'id', id: 'U0123ABCD' } }],
  ['@ada', { kind: 'user', user: { kind: 'name', name: 'ada' } }],
  ['@Ada Lovelace', { kind: 'user', user: { kind: 'name', name: 'Ada Lovelace' } }],
  ['ada@example.com', { kind: 'user', user: { kind: 'email', email: 'ada@example.com' } }],
  ['https://acme.slack.com/archives/C0123ABCD', { kind: 'id', id: 'C0123ABCD' }],
  [
    'https://acme.slack.com/archives/C0123ABCD/p1712345678000100',
    { kind: 'id', id: 'C0123ABCD', ts: '1712345678.000100' },
  ],
  [
    'https://acme.slack.com/archives/C0123ABCD/p1712345679000200?thread_ts=1712345678.000100&cid=C0123ABCD',
    { kind: 'id', id: 'C0123ABCD', ts: '1712345679.000200', threadTs: '1712345678.000100' },
  ],
  ['https://app.slack.com/client/T0123ABCD/C0123ABCD', { kind: 'id', id: 'C0123ABCD' }],
])('reads %p as a conversation', (given, expected) => {
  expect(parseConversationReference(given)).toEqual(expected as never)
})

test.each([
  '',
  '   ',
  '#',
  '#two words',
  'a'.repeat(81),
  'https://acme.slack.com/archives/../api/auth.test',
  'https://acme.slack.com/messages/C0123ABCD',
  'https://',
  '<!channel>',
  '<#C0123ABCD',
  'c0123|x',
  '#a/b',
  `#${'x'.repeat(400)}`,
])('refuses %p as a conversation', (given) => {
  expect(parseConversationReference(given)).toBeUndefined()
})

test.each([
  ['U0123ABCD', { kind: 'id', id: 'U0123ABCD' }],
  ['W0123ABCD', { kind: 'id', id: 'W0123ABCD' }],
  ['<@U0123ABCD>', { kind: 'id', id: 'U0123ABCD' }],
  ['https://acme.slack.com/team/U0123ABCD', { kind: 'id', id: 'U0123ABCD' }],
  ['<mailto:ada@example.com|ada@example.com>', { kind: 'email', email: 'ada@example.com' }],
  ['@ada.lovelace', { kind: 'name', name: 'ada.lovelace' }],
  ['Ada Lovelace', { kind: 'name', name: 'Ada Lovelace' }],
])('reads %p as a person', (given, expected) => {
  expect(parseUserReference(given)).toEqual(expected as never)
})

test.each(['', '@', 'a@b@c', 'two\nlines', '<!here>', 'x'.repeat(81)])('refuses %p as a person', (given) => {
  expect(parseUserReference(given)).toBeUndefined()
})

test('an id that comes out is one that Slack could have made, whatever goes in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (given) => {
      const conversation = parseConversationReference(given)
      const user = parseUserReference(given)
      const isConversation = conversation?.kind !== 'id' || conversationIdPattern.test(conversation.id)
      return isConversation && (user?.kind !== 'id' || userIdPattern.test(user.id))
    }),
    { numRuns: 2000 },
  )
})

test('makes the permalink that Slack would give', () => {
  const url = 'https://acme.slack.com/'
  expect(permalinkOf(url, 'C1AA', { ts: '1712345678.000100' })).toBe(
    'https://acme.slack.com/archives/C1AA/p1712345678000100',
  )
  expect(permalinkOf(url, 'C1AA', { ts: '1712345679.000200', threadTs: '1712345678.000100' })).toBe(
    'https://acme.slack.com/archives/C1AA/p1712345679000200?thread_ts=1712345678.000100&cid=C1AA',
  )
  const head = { ts: '1712345678.000100', threadTs: '1712345678.000100' }
  expect(permalinkOf(url, 'C1AA', head)).toEndWith('/p1712345678000100')
})
