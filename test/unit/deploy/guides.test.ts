import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { commandName } from '../../../src/cli/command-row.ts'
import { commandTable } from '../../../src/cli/command-table.ts'
import { namedOptions } from '../../../src/config/option-names.ts'
import { templateNames } from '../../../src/deploy/template-names.ts'
import { verifies } from '../../support/verifies.ts'

const folder = new URL('../../../docs/deploy/', import.meta.url).pathname
const paths = [...new Glob('*.md').scanSync(folder)].toSorted()
const guides = new Map(
  await Promise.all(paths.map(async (path) => [path, await Bun.file(folder + path).text()] as const)),
)

verifies('S47', 'there is a guide for each way of deploying, and the first page leads to each', () => {
  expect(paths).toEqual([
    'README.md',
    'cloud-run.md',
    'containers.md',
    'heroku.md',
    'kubernetes.md',
    'monitoring.md',
    'reverse-proxy.md',
    'systemd.md',
  ])
  const start = guides.get('README.md') ?? ''
  for (const path of paths.slice(1).filter((name) => name !== 'README.md'))
    expect(start).toContain(`(${path})`)
  for (const name of Object.keys(templateNames).filter((template) => template !== 'env'))
    expect(start).toContain(`generate ${name}`)
})

test('every link leads to a file', async () => {
  for (const [path, text] of guides) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect([path, target, await Bun.file(folder + target).exists()]).toEqual([path, target, true])
    }
  }
})

test('every command and variable that a guide names exists', () => {
  const commands = new Set(commandTable.map(commandName))
  const variables = new Set(
    namedOptions.flatMap(({ env = '', row }) => (row.secret ? [env, `${env}_FILE`] : [env])),
  )
  const others = ['CREDENTIALS_DIRECTORY']
  for (const [path, text] of guides) {
    const called = [...text.matchAll(/(?<![/\w.-])slack-integrated-server ([a-z]+)\b/g)].map(
      ([, name = '']) => name,
    )
    expect([path, called.filter((name) => !commands.has(name))]).toEqual([path, []])
    const named = text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
    expect([path, named.filter((name) => !variables.has(name) && !others.includes(name))]).toEqual([path, []])
  }
})
