import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('../../', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'sis-embedder-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What "bun init" writes: less strict than this project in places, so that code which leans on our own settings shows. */
const tsconfig = {
  compilerOptions: {
    lib: ['ESNext'],
    target: 'ESNext',
    module: 'Preserve',
    moduleDetection: 'force',
    allowJs: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    noFallthroughCasesInSwitch: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    types: ['bun-types'],
  },
}

const pages = ['README.md', 'docs/embedding.md']

/** The examples of the pages, each a file of the project. */
const examples = new Map(
  (
    await Promise.all(
      pages.map(async (page) => {
        const text = await Bun.file(root + page).text()
        return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
      }),
    )
  )
    .flat()
    .map((code, index) => [`example-${index}.ts`, code] as const),
)

/** A project of its own that has this package. */
async function makeProject(): Promise<void> {
  for (const [name, code] of examples) await Bun.write(join(folder, name), code)
  await Bun.write(join(folder, 'tsconfig.json'), JSON.stringify({ ...tsconfig, files: [...examples.keys()] }))
  await Bun.write(join(folder, 'node_modules', '.keep'), '')
  symlinkSync(root, join(folder, 'node_modules/slack-integrated-server'))
  symlinkSync(`${root}node_modules/bun-types`, join(folder, 'node_modules/bun-types'))
}

beforeAll(makeProject)

test('the examples of the documents compile in a project of its own, and nothing of the package is complained of', async () => {
  expect(examples.size).toBe(4)
  for (const code of examples.values()) expect(code).toContain("from 'slack-integrated-server'")
  const compiler = Bun.spawn([`${root}node_modules/.bin/tsc`, '-p', '.'], { cwd: folder, stdout: 'pipe' })
  expect([await compiler.stdout.text(), await compiler.exited]).toEqual(['', 0])
}, 120_000)

test('the example of a test says what its comment says', async () => {
  const [name = '', code = ''] = [...examples].find(([, text]) => text.includes('app.handle(')) ?? []
  const promised = /console\.log\(.*\) \/\/ (.+)$/m.exec(code)?.[1]
  const run = Bun.spawn([process.execPath, name], { cwd: folder, env: {}, stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr] = await Promise.all([run.stdout.text(), run.stderr.text()])
  expect([stdout.trim(), stderr, await run.exited]).toEqual([promised ?? 'a comment', '', 0])
})
