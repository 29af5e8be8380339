import { describe, expect, test } from 'bun:test'
import { commandName } from '../../../src/cli/command-row.ts'
import { commandTable } from '../../../src/cli/command-table.ts'
import { wrap } from '../../../src/cli/help-layout.ts'
import { namedOptions } from '../../../src/config/option-names.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { verifies } from '../../support/verifies.ts'

const snapshots = new URL('../../snapshots/', import.meta.url).pathname

/** Compares with test/snapshots/<name>; UPDATE_SNAPSHOTS=1 writes it instead. */
async function expectSnapshot(name: string, text: string): Promise<void> {
  const file = Bun.file(snapshots + name)
  if (process.env['UPDATE_SNAPSHOTS'] === '1') await file.write(text)
  expect(text).toBe(await file.text())
}

async function helpOf(...argv: readonly string[]): Promise<string> {
  const { code, stdout } = await runCommandLine([...argv, '--help'], {
    isTerminal: true,
    env: { NO_COLOR: '1' },
  })
  expect(code).toBe(0)
  return stdout
}

describe('help', () => {
  test('of the program and of serve is as recorded, on a terminal of 80 columns', async () => {
    await expectSnapshot('help.txt', await helpOf())
    await expectSnapshot('help-serve.txt', await helpOf('serve'))
  })

  verifies(
    'cli:help:examples',
    'of every command leads with examples, and keeps to the width of the terminal',
    async () => {
      for (const row of commandTable) {
        const text = await helpOf(...row.path)
        const headings = text.split('\n').filter((line) => /^[A-Z[]/.test(line))
        expect([commandName(row), headings[0]]).toEqual([commandName(row), 'Examples'])
        for (const [example] of row.examples) expect(text).toContain(`  ${example}\n`)
        // Examples and single words longer than a line are not broken.
        const long = text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '))
        expect(
          long.filter((line) => !line.startsWith('  slack-integrated-server') && !/[,…)]/.test(line)),
        ).toEqual([])
      }
    },
  )

  verifies('cli:help:options', 'of serve names every option, with its variable and default', async () => {
    const text = (await helpOf('serve')).replaceAll(/\s+/g, ' ')
    for (const { flag, env, row } of namedOptions) {
      if (row.fileOnly === true) continue
      expect(text).toContain(env ?? '')
      if (flag !== undefined) expect(text).toMatch(new RegExp(`${flag}|${flag.replace('--', '--no-')}`))
    }
    expect(text).toContain('(PORT, default 3000)')
    expect(text).toContain('--no-webhook')
    expect(text).toContain('(WEBHOOK_ENABLED=false)')
    expect(text).toContain('(MCP_READ_ONLY=true)')
  })

  test('is bold on a terminal, and plain elsewhere or with NO_COLOR', async () => {
    const bold = '\u001b[1m'
    expect((await runCommandLine(['--help'], { isTerminal: true })).stdout).toContain(bold)
    expect((await runCommandLine(['--help'])).stdout).not.toContain(bold)
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect((await runCommandLine(['--help'], { isTerminal: true, env })).stdout).not.toContain(bold)
    }
    const env = { NO_COLOR: '' }
    expect((await runCommandLine(['--help'], { isTerminal: true, env })).stdout).toContain(bold)
  })
})

test('words are wrapped within the width, at it, and a longer one stands alone', () => {
  const word = 'x'.repeat(29)
  expect(wrap(`${word} ${word}`, 60, ' ').split('\n').length).toBe(1)
  expect(wrap(`${word} ${word}x`, 60, ' ').split('\n').length).toBe(2)
  const long = 'y'.repeat(70)
  expect(wrap(`a ${long} b`, 60, '')).toBe(`a\n${long}\nb`)
})
