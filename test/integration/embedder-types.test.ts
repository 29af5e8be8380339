import { afterAll, expect, test } from 'bun:test'
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
  files: ['embedder.ts'],
}

test('the example of the README compiles in a project of its own, and nothing of the package is complained of', async () => {
  const readme = await Bun.file(`${root}README.md`).text()
  const example = /^```ts\n(.*?)^```$/ms.exec(readme.slice(readme.indexOf('## Embed it')))?.[1] ?? ''
  expect(example).toContain("from 'slack-integrated-server'")
  await Bun.write(join(folder, 'embedder.ts'), example)
  await Bun.write(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  await Bun.write(join(folder, 'node_modules', '.keep'), '')
  symlinkSync(root, join(folder, 'node_modules/slack-integrated-server'))
  symlinkSync(`${root}node_modules/bun-types`, join(folder, 'node_modules/bun-types'))
  const compiler = Bun.spawn([`${root}node_modules/.bin/tsc`, '-p', '.'], { cwd: folder, stdout: 'pipe' })
  expect([await compiler.stdout.text(), await compiler.exited]).toEqual(['', 0])
}, 120_000)
