import { expect, test } from 'bun:test'
import { cell, code } from '../../../scripts/documents/markdown.ts'
import { documents, staleDocuments } from '../../../scripts/generate-docs.ts'
import { errorTable } from '../../../src/base/error-table.ts'
import { commandName } from '../../../src/cli/command-row.ts'
import { commandTable } from '../../../src/cli/command-table.ts'
import { namedOptions } from '../../../src/config/option-names.ts'
import { metricTable } from '../../../src/observe/metric-table.ts'
import { verifies } from '../../support/verifies.ts'

const root = new URL('../../..', import.meta.url).pathname

verifies('docs:generated', 'every generated document is what its table says', async () => {
  expect(await staleDocuments(root)).toEqual([])
})

test('a document that is missing or differs is stale', async () => {
  expect(await staleDocuments('/nowhere')).toEqual(Object.keys(documents))
})

test('every row of a table is in its document', () => {
  const page = (path: string) => documents[path]?.() ?? ''
  for (const { env = '', flag = '', fileKey } of namedOptions) {
    for (const name of [env, flag, fileKey]) expect(page('docs/configuration.md')).toContain(name)
    expect(page('.env.example')).toContain(env)
  }
  for (const name of Object.keys(errorTable)) expect(page('docs/errors.md')).toContain(`## ${name}\n`)
  for (const name of Object.keys(metricTable)) expect(page('docs/metrics.md')).toContain(`| \`${name}\` |`)
  for (const row of commandTable) expect(page('docs/commands.md')).toContain(`## ${commandName(row)}\n`)
})

test('the example of an environment names the two variables that are needed, and comments on the rest', () => {
  const set = (documents['.env.example']?.() ?? '').split('\n').filter((line) => /^[A-Z]/.test(line))
  expect(set).toEqual(['SLACK_BOT_TOKEN=', 'SLACK_SIGNING_SECRET='])
})

test('text cannot break out of a table', () => {
  expect(cell('a|b\n<token>')).toBe('a\\|b &lt;token>')
  expect(code('a|b')).toBe('`a\\|b`')
  expect(code(undefined)).toBe('')
})
