import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { verifies } from '../../support/verifies.ts'

const root = join(import.meta.dir, '../../..')

/** Every Markdown page, by its path from the project's root. */
function pages(): ReadonlyMap<string, string> {
  const atTop = readdirSync(root).filter((name) => name.endsWith('.md'))
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const paths = [...atTop, ...inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** The text without what is code, in which brackets are no links and # is no heading. */
const prose = (text: string) => text.replaceAll(/^( *)(`{3,}).*?^\1\2$/gms, '').replaceAll(/`[^`\n]*`/g, '`')

/** The anchors of a page as GitHub makes them: of each heading in lower case, without punctuation, blanks as hyphens, repetitions numbered. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const fenceless = text.replaceAll(/^( *)(`{3,}).*?^\1\2$/gms, '')
  const anchors = [...fenceless.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
  return new Set(anchors)
}

/** The links that lead nowhere, as `page: target`. */
function brokenLinks(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([path, text]) =>
    [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !resolves(texts, path, target))
      .map((target) => `${path}: ${target}`),
  )
}

function resolves(texts: ReadonlyMap<string, string>, from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : normalize(join(dirname(from), file))
  if (anchor === undefined) return texts.has(path) || existsSync(join(root, path))
  return anchorsOf(texts.get(path) ?? '').has(anchor)
}

verifies('docs:links', 'every relative link leads to a file, and every anchor to a heading', () => {
  expect(brokenLinks(pages())).toEqual([])
})

test('a link to a missing page or heading is found, one in code is not taken for one', () => {
  const good =
    '# One `two`\n## One two\n[a](#one-two) [b](#one-two-1) [c](https://x.example) `[d](gone.md)`\n'
  expect(brokenLinks(new Map([['docs/a.md', good]]))).toEqual([])
  const bad = new Map([
    ['docs/a.md', `${good}[e](gone.md) [f](b.md#nothing) [g](b.md#there)\n`],
    ['docs/b.md', '# There\n'],
  ])
  expect(brokenLinks(bad)).toEqual(['docs/a.md: gone.md', 'docs/a.md: b.md#nothing'])
})

test('the first page of the documents leads to every page', () => {
  const texts = pages()
  const index = texts.get('docs/README.md') ?? ''
  const missing = [...texts.keys()].filter(
    (path) =>
      /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md' && !index.includes(`](${path.slice(5)})`),
  )
  expect(missing).toEqual([])
})
