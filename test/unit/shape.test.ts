import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json'
import { verifies } from '../support/verifies.ts'

const root = join(import.meta.dir, '../..')

/** What may lie at the top, beside what git ignores. */
const topLevel = [
  '.ci',
  '.dockerignore',
  '.env.example',
  '.git',
  '.github',
  '.gitignore',
  'CHANGELOG.md',
  'Dockerfile.distroless',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'biome.json',
  'bun.lock',
  'bunfig.toml',
  'docs',
  'heroku.yml',
  'package.json',
  'scripts',
  'src',
  'test',
  'tsconfig.json',
]
const ignored = new Set(['node_modules', 'dist', '.cache', 'coverage'])

verifies('S96', 'the top level holds what was agreed and nothing else', () => {
  const found = readdirSync(root).filter((name) => !ignored.has(name))
  expect(found.filter((name) => !topLevel.includes(name))).toEqual([])
  for (const name of ['src', 'test', 'scripts', 'bunfig.toml', 'package.json', 'tsconfig.json']) {
    expect(found).toContain(name)
  }
})

verifies('S95', 'the agreed libraries are what it is built on', () => {
  for (const name of [
    'elysia',
    '@modelcontextprotocol/sdk',
    '@modelcontextprotocol/server',
    '@slack/web-api',
    '@sinclair/typebox',
  ]) {
    expect(Object.keys(packageJson.dependencies)).toContain(name)
  }
  expect(Object.keys(packageJson.devDependencies)).toContain('bun-types')
})

test('Bun is pinned to one version everywhere', () => {
  const [, pinned] = packageJson.packageManager.split('@')
  expect(packageJson.engines.bun).toBe(pinned ?? '')
  expect(packageJson.devDependencies['bun-types']).toBe(pinned ?? '')
  for (const name of ['Dockerfile.distroless', '.github/workflows/ci.yml']) {
    const versions =
      readFileSync(join(root, name), 'utf8').match(/bun[@:=_A-Za-z]*[@:=]v?(\d+\.\d+\.\d+)/gi) ?? []
    for (const version of versions) expect(version).toEndWith(pinned ?? '')
  }
})
