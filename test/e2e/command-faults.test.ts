import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandName } from '../../src/cli/command-row.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { mcpClientNames } from '../../src/cli/mcp-client-names.ts'
import { binaryPath, spawnBinary, testCredentials } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/**
 * Every command of the table where its surroundings fail: what it may not read or write, who does not answer, a reader that went away, Ctrl-C. Each
 * time an exit code that is documented, one clear line, no stack, and nothing half-written.
 */

/** What a command asks, and so what it misses: Slack, a running server, or nobody. */
type Asks = 'slack' | 'server' | 'nobody'

interface CommandCase {
  /** The words of a run that gets as far as it can. */
  readonly line: readonly string[]
  readonly asks: Asks
  /** Goes on until somebody stops it; needs a terminal. Neither ends by itself in a useful way here. */
  readonly kind?: 'server' | 'dialogue'
  /** Without an answer: 69 where nothing else is said. */
  readonly withoutAnswer?: number
}

const cases: Readonly<Record<string, CommandCase>> = {
  serve: { line: ['serve', '--port', '0'], asks: 'nobody', kind: 'server' },
  stdio: { line: ['stdio'], asks: 'nobody', kind: 'server' },
  demo: { line: ['demo', '--port', '0'], asks: 'nobody', kind: 'server' },
  'config show': { line: ['config', 'show'], asks: 'nobody' },
  'config check': { line: ['config', 'check'], asks: 'nobody' },
  'config schema': { line: ['config', 'schema'], asks: 'nobody' },
  token: { line: ['token'], asks: 'nobody' },
  // Container runtimes know 0 and 1 alone.
  healthcheck: { line: ['healthcheck'], asks: 'server', withoutAnswer: 1 },
  init: { line: ['init'], asks: 'nobody', kind: 'dialogue' },
  doctor: { line: ['doctor', '--port', '0'], asks: 'slack' },
  manifest: { line: ['manifest'], asks: 'nobody' },
  'mcp install': { line: ['mcp', 'install', 'cursor', '--print'], asks: 'nobody' },
  'tools list': { line: ['tools', 'list'], asks: 'nobody' },
  'tools describe': { line: ['tools', 'describe', 'slack_read_emojis'], asks: 'nobody' },
  'tools call': { line: ['tools', 'call', 'slack_read_emojis'], asks: 'slack' },
  'tools scopes': { line: ['tools', 'scopes'], asks: 'slack' },
  generate: { line: ['generate', 'kubernetes'], asks: 'nobody' },
  'generate completions': { line: ['generate', 'completions', 'bash'], asks: 'nobody' },
  'events tail': { line: ['events', 'tail'], asks: 'server' },
  'events show': { line: ['events', 'show', 'Ev1'], asks: 'server' },
  'events stats': { line: ['events', 'stats'], asks: 'server' },
  'events groups list': { line: ['events', 'groups', 'list'], asks: 'server' },
  'events groups remove': { line: ['events', 'groups', 'remove', 'billing'], asks: 'server' },
  'events dead list': { line: ['events', 'dead', 'list'], asks: 'server' },
  'events dead show': { line: ['events', 'dead', 'show', 'Ev1'], asks: 'server' },
  'events dead replay': { line: ['events', 'dead', 'replay', 'Ev1'], asks: 'server' },
  'events dead purge': { line: ['events', 'dead', 'purge', 'Ev1'], asks: 'server' },
  'events purge': { line: ['events', 'purge', '--before', '7d'], asks: 'server' },
  'events forward resume': { line: ['events', 'forward', 'resume'], asks: 'server' },
  trigger: { line: ['trigger', 'app_mention'], asks: 'server' },
  consume: { line: ['consume', '--group', 'billing'], asks: 'server' },
  version: { line: ['version'], asks: 'nobody' },
}

/** Nothing listens at 9 (discard) on loopback. */
const closedPort = 9
const awayEnv = {
  ...testCredentials,
  SLACK_API_URL: `http://127.0.0.1:${closedPort}/api/`,
  PORT: String(closedPort),
}

let folder: string
/** A copy that every user may run: the folder of the sources may be closed to others. */
let program: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-faults-'))
  chmodSync(folder, 0o755)
  program = join(folder, 'slack-integrated-server')
  cpSync(binaryPath, program)
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const nobodyId = '65534'

/** Before the words of a command: root may everything, so it becomes `nobody`. */
function becomeNobody(): readonly string[] {
  if (process.getuid?.() !== 0) return []
  return ['setpriv', '--reuid', nobodyId, '--regid', nobodyId, '--clear-groups']
}

/** As a user who may not write where others may. */
async function runAsNobody(
  args: readonly string[],
  home: string,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  const child = Bun.spawn([...becomeNobody(), program, ...args], {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', HOME: home, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { exitCode: await child.exited, stdout, stderr }
}

/** The outputs as a person reads them, without a stack in either. */
function expectNoStack({ stdout, stderr }: Run): void {
  for (const text of [stdout, stderr]) expect(text).not.toMatch(/^\s+at .*(?:\(|:\d+:\d+)/m)
}

const rows = commandTable.map((row) => ({ row, name: commandName(row), ...caseOf(commandName(row)) }))

function caseOf(name: string): CommandCase {
  const found = cases[name]
  if (found === undefined) throw new Error(`"${name}" has no case here`)
  return found
}

test('every command has a case, and no other', () => {
  expect(Object.keys(cases).sort()).toEqual(rows.map(({ name }) => name).sort())
})

describe('a file that may not be read', () => {
  for (const { name, line, kind } of rows.filter(({ row }) => row.readsConfig)) {
    if (kind === 'dialogue') continue
    verifies('cli:unreadable', `is named by ${name}, with exit code 78`, async () => {
      const home = mkdtempSync(join(folder, 'home-'))
      chmodSync(home, 0o755)
      const path = join(home, 'closed.toml')
      writeFileSync(path, 'port = 1', { mode: 0o000 })
      const run = await runAsNobody([...line, '--config', path], home, awayEnv)
      expectNoStack(run)
      // `doctor` reports on stdout, and `config show` shows what there is nevertheless.
      expect(name === 'doctor' ? run.stdout : run.stderr).toContain(`${path}: permission denied`)
      if (name !== 'doctor' && name !== 'config show') expect(run.stdout).toBe('')
      expect(run.exitCode).toBe(name === 'config show' ? 0 : 78)
    })
  }
})

describe('a home and a working directory that may not be written', () => {
  for (const { name, line, kind, asks, withoutAnswer = 69 } of rows) {
    if (kind !== undefined) continue
    verifies('cli:read-only', `hinder ${name} in nothing, and stay empty`, async () => {
      const home = mkdtempSync(join(folder, 'home-'))
      chmodSync(home, 0o555)
      const run = await runAsNobody(line, home, awayEnv)
      expectNoStack(run)
      expect(run.exitCode).toBe(asks === 'nobody' ? 0 : withoutAnswer)
      expect(readdirSync(home)).toEqual([])
    })
  }

  for (const client of mcpClientNames) {
    verifies(
      'cli:read-only',
      `are what mcp install ${client} says in one line, with exit code 1`,
      async () => {
        const home = mkdtempSync(join(folder, 'home-'))
        chmodSync(home, 0o555)
        const run = await runAsNobody(['mcp', 'install', client, '--yes'], home, awayEnv)
        expectNoStack(run)
        expect(run.stderr.trimEnd().split('\n').at(-1)).toMatch(
          /^slack-integrated-server: \S+ cannot be written: permission denied; it is as it was$/,
        )
        expect([run.exitCode, readdirSync(home)]).toEqual([1, []])
      },
    )
  }
})

verifies('cli:read-only', 'init asks nothing where it could not keep the answers', async () => {
  const home = mkdtempSync(join(folder, 'home-'))
  chmodSync(home, 0o555)
  let screen = ''
  const child = Bun.spawn([...becomeNobody(), program, 'init'], {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', HOME: home },
    terminal: { cols: 200, rows: 40, data: (_, bytes) => (screen += new TextDecoder().decode(bytes)) },
  })
  const exitCode = await child.exited
  child.terminal?.close()
  expect(screen).toMatch(
    /^slack-integrated-server: \S+ cannot be written: permission denied; nothing was changed\. Name another with --config\r\n$/,
  )
  expect([exitCode, readdirSync(home)]).toEqual([1, []])
})

verifies(
  'cli:read-only',
  'a state directory that may not be written is configuration to everybody',
  async () => {
    const home = mkdtempSync(join(folder, 'home-'))
    chmodSync(home, 0o555)
    const env = { ...awayEnv, QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: home }
    for (const line of [
      ['serve', '--port', '0'],
      ['events', 'stats', '--offline'],
    ]) {
      const run = await runAsNobody(line, home, env)
      expectNoStack(run)
      expect(run.stderr).toMatch(/^slack-integrated-server: .*fault: not_writable\. Make the directory .*\n$/)
      expect([run.exitCode, run.stdout, readdirSync(home)]).toEqual([78, '', []])
    }
  },
)

describe('nobody who answers', () => {
  const away = {
    'a connection that is refused': awayEnv,
    'a name that does not resolve': { ...awayEnv, SLACK_API_URL: 'https://slack.invalid/api/' },
  }
  for (const [what, env] of Object.entries(away)) {
    for (const { name, line, asks, withoutAnswer = 69 } of rows) {
      if (asks === 'nobody' || (asks === 'server' && env !== awayEnv)) continue
      verifies('cli:unavailable', `(${what}) ends ${name} with ${withoutAnswer} and one line`, async () => {
        await using child = spawnBinary({ args: line, env })
        const exitCode = await child.exited
        await child.closed
        const run = { exitCode, stdout: child.stdout.text, stderr: child.stderr.text }
        expectNoStack(run)
        expect(exitCode).toBe(withoutAnswer)
        // `doctor` reports on stdout.
        if (name === 'doctor') expect(run.stdout).toContain('FAIL  bot token: Slack could not be reached')
        else expect(run.stderr.trimEnd().split('\n')).toHaveLength(1)
      })
    }
  }
})

describe('a reader that went away', () => {
  for (const { name, line } of rows.filter(({ kind }) => kind === undefined)) {
    verifies('cli:broken-pipe', `ends ${name} quietly`, async () => {
      const script = `"$0" "$@" | true; exit "\${PIPESTATUS[0]}"`
      const child = Bun.spawn(['bash', '-c', script, program, ...line], {
        cwd: folder,
        env: { PATH: '/usr/bin:/bin', HOME: folder, ...awayEnv },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
      const run = { exitCode: await child.exited, stdout, stderr }
      expectNoStack(run)
      expect([0, 1, 69]).toContain(run.exitCode)
      expect(stderr).not.toContain('EPIPE')
    })
  }

  verifies('cli:full-disk', 'where the output goes is said in one line, with exit code 1', async () => {
    for (const { line } of rows.filter(({ kind, asks }) => kind === undefined && asks === 'nobody')) {
      const script = `"$0" "$@" >/dev/full`
      const child = Bun.spawn(['bash', '-c', script, program, ...line], {
        env: { PATH: '/usr/bin:/bin', HOME: folder, ...awayEnv },
        stdout: 'ignore',
        stderr: 'pipe',
      })
      const lines = (await child.stderr.text()).trimEnd().split('\n')
      expect([line, await child.exited, lines.at(-1)]).toEqual([
        line,
        1,
        'slack-integrated-server: standard output cannot be written: no space is left',
      ])
    }
  })

  verifies('cli:broken-pipe', 'of stderr leaves the exit code as it is', async () => {
    const script = `"$0" --wrong-flag 2>&1 >/dev/null | true; echo "\${PIPESTATUS[0]}"; "$0" --wrong-flag 2>/dev/full; echo $?`
    const child = Bun.spawn(['bash', '-c', script, program], { env: {}, stdout: 'pipe', stderr: 'pipe' })
    expect(await child.stdout.text()).toBe('2\n2\n')
  })
})

describe('Ctrl-C', () => {
  for (const { name, line, asks } of rows.filter(({ asks }) => asks !== 'nobody')) {
    verifies('cli:interrupted', `ends ${name} with 130 while nobody answers`, async () => {
      const asked = Promise.withResolvers<void>()
      const silent = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => {
          asked.resolve()
          return new Promise<Response>(() => undefined)
        },
      })
      try {
        const { port } = silent
        const env = { ...testCredentials, SLACK_API_URL: `http://127.0.0.1:${port}/api/`, PORT: String(port) }
        await using child = spawnBinary({ args: line, env })
        await Promise.race([asked.promise, child.exited])
        child.signal('SIGINT')
        const exitCode = await child.exited
        await child.closed
        const run = { exitCode, stdout: child.stdout.text, stderr: child.stderr.text }
        expectNoStack(run)
        expect([exitCode, asks, readdirSync(child.cwd)]).toEqual([130, asks, []])
      } finally {
        await silent.stop(true)
      }
    })
  }
})
