import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programName } from '../../src/cli/cli-context.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { type CompletionShell, completionShells, renderCompletions } from '../../src/cli/completions.ts'
import { runCommandLine } from '../support/cli-context.ts'
import { verifies } from '../support/verifies.ts'

/** The scripts in real shells. Those that are not installed are skipped, and the run says so. */

let folder: string
const paths = {} as Record<CompletionShell, string>
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'completions-'))
  for (const shell of Object.keys(completionShells) as CompletionShell[]) {
    paths[shell] = join(folder, `completions.${shell}`)
    writeFileSync(paths[shell], renderCompletions(shell, commandTable))
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Line -> what completes its last word. */
const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['conf', ['config']],
  ['config ', ['show', 'check', 'schema']],
  ['config sh', ['show']],
  ['serve --transport ', ['sse', 'streamable-http']],
  ['serve --transport st', ['streamable-http']],
  ['--transport ss', ['sse']],
  ['serve --mcp-auth sl', ['slack']],
  ['serve --read-o', ['--read-only']],
  ['serve --no-webh', ['--no-webhook']],
  ['stdio --queue-b', []],
  ['generate comp', ['compose', 'completions']],
  ['generate completions z', ['zsh']],
  ['mcp install cur', ['cursor']],
  ['mcp install --transport h', ['http']],
  ['events dead re', ['replay']],
  ['serve --host ', []],
]

function run(command: readonly [string, ...string[]]): readonly string[] {
  const { stdout, stderr } = Bun.spawnSync([...command], { env: { PATH: process.env['PATH'], HOME: folder } })
  expect(stderr.toString()).toBe('')
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

function inBash(line: string): readonly string[] {
  const script = `source ${paths.bash}
read -ra COMP_WORDS <<< ${JSON.stringify(`${programName} ${line}`)}
[[ ${JSON.stringify(line)} == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
$(complete -p ${programName} | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`
  return run(['bash', '-c', script])
}

/** What a person sees: the line after a TAB. */
async function afterTab(shell: readonly string[], typed: string, before = 'true'): Promise<string> {
  let screen = ''
  const decoder = new TextDecoder()
  const child = Bun.spawn([...shell], {
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm', PS1: '> ', ZDOTDIR: folder },
    terminal: {
      cols: 200,
      rows: 20,
      data: (_, bytes) => (screen += decoder.decode(bytes, { stream: true })),
    },
  })
  try {
    child.terminal?.write(`${before}; source ${paths[shell[0] as CompletionShell]}; echo rea""dy\n`)
    // Typed before the prompt stands there, a TAB would be a character.
    await until(() => /ready\s[\s\S]*> $/.test(Bun.stripANSI(screen)))
    screen = ''
    child.terminal?.write(`${typed}\t`)
    // The shell has answered the TAB once it echoes what was typed after it.
    child.terminal?.write('#end')
    await until(() => screen.includes('#end'))
    return Bun.stripANSI(screen)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('It never came')
    await Bun.sleep(5)
  }
}

const has = (shell: CompletionShell) => {
  const isThere = Bun.which(shell) !== null
  if (!isThere) process.stderr.write(`skipped: ${shell} is missing (apt-get install ${shell})\n`)
  return isThere
}

describe.skipIf(!has('bash'))('bash', () => {
  for (const [line, expected] of cases) {
    verifies('cli:completions', `completes "${line}"`, () => {
      expect(inBash(line).toSorted()).toEqual([...expected].toSorted())
    })
  }

  verifies('cli:completions', 'completes paths', () => {
    expect(inBash(`serve --config ${folder}/completions.b`)).toEqual([paths.bash])
  })

  verifies('cli:completions', 'answers a TAB, also behind an equals sign', async () => {
    const shell = ['bash', '--norc', '--noprofile']
    expect(await afterTab(shell, `${programName} config ch`)).toContain('config check')
    expect(await afterTab(shell, `${programName} serve --transport=str`)).toContain(
      '--transport=streamable-http',
    )
  })
})

describe.skipIf(!has('zsh'))('zsh', () => {
  verifies('cli:completions', 'answers a TAB', async () => {
    const shell = ['zsh', '-f']
    const before = 'autoload -U compinit; compinit -D'
    expect(await afterTab(shell, `${programName} config ch`, before)).toContain('config check')
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  for (const [line, expected] of cases) {
    verifies('cli:completions', `completes "${line}"`, () => {
      const lines = run([
        'fish',
        '--no-config',
        '-c',
        `source ${paths.fish}; complete -C '${programName} ${line}'`,
      ])
      expect(lines.map((text) => text.split('\t')[0] ?? '').toSorted()).toEqual([...expected].toSorted())
    })
  }
})

verifies(
  'cli:completions',
  'the command prints the script, and names the shells that there are',
  async () => {
    const { code, stdout } = await runCommandLine(['generate', 'completions', 'fish'])
    expect([code, stdout]).toEqual([0, renderCompletions('fish', commandTable)])
    const refused = await runCommandLine(['generate', 'completions', 'basch'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('did you mean bash?')
  },
)
