import { describe, expect } from 'bun:test'
import { commandName } from '../../src/cli/command-row.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { runBinary } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/** Every command of the table, with what people get wrong: an exit code, a few lines, no stack, and nothing on stdout. */

function expectRefusal(run: { readonly stdout: string; readonly stderr: string }, says: string): void {
  expect(run.stderr).toContain(says)
  expect(run.stderr).not.toMatch(/^\s+at /m)
  expect(run.stdout).toBe('')
}

/** The word that the command cannot do without, where it has a choice of them. */
function words({ path, operand }: (typeof commandTable)[number]): readonly string[] {
  return [...path, ...(operand?.choices?.slice(0, 1) ?? [])]
}

/** What a command wants to know before it looks at the configuration. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'tools call': ['slack_read_emojis'],
  'events show': ['Ev1'],
  'events groups remove': ['billing'],
  'events dead show': ['Ev1'],
  'events dead replay': ['Ev1'],
  'events dead purge': ['Ev1'],
  'events purge': ['--before', '7d'],
  trigger: ['app_mention'],
  consume: ['--group', 'billing'],
}

/** `config show` shows what it has, `doctor` reports on stdout, and `init` asks a person first. */
const toldOtherwise: ReadonlySet<string> = new Set(['config show', 'doctor', 'init'])

describe('every command', () => {
  for (const row of commandTable) {
    const name = commandName(row)
    verifies('cli:usage', `${name} refuses a wrong flag with exit code 2 and one line`, async () => {
      const run = await runBinary({ args: [...words(row), '--wrong-flag'] })
      expect(run.exitCode).toBe(2)
      expectRefusal(run, '--wrong-flag')
      expect(run.stderr.trimEnd().split('\n')).toHaveLength(1)
    })
  }

  for (const row of commandTable.filter(({ readsConfig }) => readsConfig)) {
    const name = commandName(row)
    if (toldOtherwise.has(name)) continue
    verifies(
      'cli:exit-codes',
      `${name} says with exit code 78 that a configuration file is missing`,
      async () => {
        const file = ['--config', '/nowhere/config.toml']
        const run = await runBinary({ args: [...words(row), ...file, ...(needed[name] ?? [])] })
        expect(run.exitCode).toBe(78)
        expectRefusal(run, '/nowhere/config.toml: there is no such file')
      },
    )
  }
})
