import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { methodTable, parseSlackMethod } from '../../../src/slack/method-table.ts'

const corpus = process.env['SLACK_CORPUS_DIR'] ?? join(import.meta.dir, '../../../../shared/corpus')
const tiersFile = join(corpus, 'reference/rate_limit_tiers.json')

/** Not in the published list: it is newer, and its tier has no number. */
const unpublished = ['assistant.search.context']

describe.skipIf(!existsSync(tiersFile))("the tiers, against Slack's published list", () => {
  test('agree for every method', () => {
    const published: Record<string, string> = JSON.parse(readFileSync(tiersFile, 'utf8'))
    const ours = Object.entries(methodTable).filter(([method]) => !unpublished.includes(method))
    const tierOf = (method: string) =>
      (published[method] ?? 'missing').toLowerCase().replace(/^specialtier_.*/, 'special')
    expect(ours.map(([method, row]) => [method, row.tier])).toEqual(
      ours.map(([method]) => [method, tierOf(method)] as [string, never]),
    )
  })
})

describe('a name of a method', () => {
  test('is taken where the table has it', () => {
    expect(parseSlackMethod('chat.postMessage')).toBe('chat.postMessage')
  })

  test.each([
    'chat.postMessage?token=x',
    '../../evil',
    'https://evil.example/api',
    '__proto__',
    'constructor',
    'admin.users.list',
    'Chat.postMessage',
    '',
  ])('is refused where it has not: %p', (method) => {
    expect(() => parseSlackMethod(method)).toThrow(TypeError)
  })
})

test('no read is told to do something twice', () => {
  const odd = Object.entries(methodTable).filter(
    ([, { effect, repeat }]) => effect === 'read' && repeat !== 'harmless',
  )
  expect(odd).toEqual([])
})

test('what posts, schedules or adds is never called harmless to repeat', () => {
  const repeated = Object.entries(methodTable).filter(([, { repeat }]) => repeat === 'does_it_twice')
  expect(repeated.map(([method]) => method)).toEqual([
    'bookmarks.add',
    'chat.postMessage',
    'chat.scheduleMessage',
    'files.completeUploadExternal',
  ])
})
