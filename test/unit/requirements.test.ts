import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { Glob } from 'bun'
import { requirements } from '../requirements.ts'
import { findGaps, type GateInput, readCitations } from '../support/requirement-gate.ts'

const root = new URL('../..', import.meta.url).pathname

test('every promise has a test or a file that shows it, and every test shows a promise', async () => {
  const paths = [...new Glob('test/**/*.ts').scanSync(root)].toSorted()
  const citations = await Promise.all(
    paths.map(async (path) => readCitations(path, await Bun.file(root + path).text())),
  )
  expect(citations.flat().length).toBeGreaterThan(20)
  const fileExists = (path: string) => existsSync(root + path)
  expect(findGaps({ requirements, citations: citations.flat(), fileExists })).toEqual([])
})

describe('the gate closes', () => {
  const kept: GateInput = {
    requirements: {
      A: { says: 'tested' },
      B: { says: 'shown by a file', shownBy: 'docs/b.md' },
      C: { says: 'not there yet', isOpen: true },
    },
    citations: [{ id: 'A', place: 'a.test.ts:1' }],
    fileExists: (path) => path === 'docs/b.md',
  }
  const rows: readonly (readonly [what: string, change: Partial<GateInput>, gaps: readonly string[]])[] = [
    ['is open when all is kept', {}, []],
    ['for a promise without a test', { citations: [] }, ['A has no test']],
    [
      'for a test of something never promised',
      { citations: [...kept.citations, { id: 'D', place: 'd.test.ts:2' }] },
      ['d.test.ts:2 cites D, which is not a requirement'],
    ],
    [
      'for a test of what every object has',
      { citations: [...kept.citations, { id: 'constructor', place: 'd.test.ts:2' }] },
      ['d.test.ts:2 cites constructor, which is not a requirement'],
    ],
    [
      'for a test of what is marked open',
      { citations: [...kept.citations, { id: 'C', place: 'c.test.ts:3' }] },
      ['c.test.ts:3 cites C, which is marked open'],
    ],
    [
      'for a file that does not exist',
      { fileExists: () => false },
      ['B is shown by docs/b.md, which does not exist'],
    ],
    [
      'for an id that it cannot read',
      { citations: [...kept.citations, { id: undefined, place: 'e.test.ts:4' }] },
      ['e.test.ts:4 cites an id that is not a literal'],
    ],
  ]
  for (const [what, change, gaps] of rows) {
    test(what, () => {
      expect(findGaps({ ...kept, ...change })).toEqual(gaps)
    })
  }
})

describe('citations are read from code alone', () => {
  const rows: readonly (readonly [text: string, ids: readonly (string | undefined)[]])[] = [
    ["verifies('webhook:a', 'says', () => {})", ['webhook:a']],
    ["  verifies(\n    'S1',\n    'says', run)", ['S1']],
    ['verifies("S2", run)', ['S2']],
    ['verifies(id, run)', [undefined]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text under test holds a template
    ['verifies(`S${n}`, run)', [undefined]],
    ["// verifies('S3', run)\n/* verifies('S4') */", []],
    ['const text = "verifies(\'S5\')"', []],
    ["export function verifies(id: string) {}\nother.verifies('S6')", []],
  ]
  for (const [text, ids] of rows) {
    test(JSON.stringify(text), () => {
      // Strictly: `toEqual` takes [undefined] for [].
      expect(readCitations('x.test.ts', text).map(({ id }) => id)).toStrictEqual([...ids])
    })
  }

  test('with their place', () => {
    expect(readCitations('x.test.ts', "\nverifies('S1', run)")).toEqual([{ id: 'S1', place: 'x.test.ts:2' }])
  })
})
