import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBinary, testCredentials } from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

/** `doctor` as people run it, where one thing is wrong at a time: an exit code, the line that names it, and a fix. */

interface Check {
  readonly area: string
  readonly level: 'ok' | 'off' | 'warn' | 'fail'
  readonly says: string
  readonly fix: string | null
}

interface Report {
  readonly exit_code: number
  readonly problems: number
  readonly warnings: number
  readonly checks: readonly Check[]
}

const allScopes = 'chat:write,channels:history,users:read,channels:read,reactions:write,emoji:read'
const identity = { ok: true, team_id: 'T1', team: 'Acme', user_id: 'U1', user: 'bot' }

/** A Slack that answers `auth.test` as told. */
function slackThat({
  body = identity,
  scopes = allScopes,
  aheadMs = 0,
}: {
  readonly body?: object
  readonly scopes?: string
  readonly aheadMs?: number
} = {}) {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      Response.json(body, {
        headers: { 'x-oauth-scopes': scopes, date: new Date(Date.now() + aheadMs).toUTCString() },
      }),
  })
}

let stateDir: string
beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'doctor-state-'))
  chmodSync(stateDir, 0o700)
})
afterAll(() => rmSync(stateDir, { recursive: true }))

interface Wrong {
  readonly slack?: Parameters<typeof slackThat>[0]
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

async function doctor({ slack, env, args = [] }: Wrong): Promise<Report> {
  await using server = slackThat(slack)
  const run = await runBinary({
    args: ['doctor', '--json', ...args],
    env: {
      ...testCredentials,
      SLACK_API_URL: `http://127.0.0.1:${server.port}/api/`,
      PORT: '0',
      MCP_SESSIONS_MAX: '64',
      QUEUE_BACKEND_TYPE: 'sqlite',
      STATE_DIR: stateDir,
      ...env,
    },
  })
  expect(run.stderr).toBe('')
  for (const secret of Object.values(testCredentials)) expect(run.stdout).not.toContain(secret)
  const report: Report = JSON.parse(run.stdout)
  expect(report.exit_code).toBe(run.exitCode)
  return report
}

const cases: readonly (readonly [
  what: string,
  wrong: Wrong,
  exitCode: number,
  area: string,
  says: RegExp,
])[] = [
  ['no bot token', { env: { SLACK_BOT_TOKEN: '' } }, 78, 'config', /SLACK_BOT_TOKEN/],
  ['an option that is no number', { env: { PORT: '1.5' } }, 78, 'config', /PORT/],
  [
    'a token that Slack refuses',
    { slack: { body: { ok: false, error: 'invalid_auth' } } },
    77,
    'slack',
    /bot token/,
  ],
  [
    'a Slack that is away',
    { env: { SLACK_API_URL: 'http://127.0.0.1:9/api/' } },
    69,
    'slack',
    /could not be reached/,
  ],
  ['a scope that is missing', { slack: { scopes: 'chat:write' }, args: ['--strict'] }, 1, 'slack', /missing/],
  ['a clock that is off', { slack: { aheadMs: 400_000 } }, 1, 'slack', /the clock is \d+\.\d s off/],
  [
    'a Redis that is away',
    { env: { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: 'redis://127.0.0.1:9/0', STATE_DIR: '' } },
    69,
    'queue',
    /^redis: Redis cannot be reached \(ECONNREFUSED\)/,
  ],
  [
    'a queue that forgets',
    { env: { QUEUE_BACKEND_TYPE: 'memory', STATE_DIR: '' }, args: ['--strict'] },
    1,
    'queue',
    /lost when the process ends/,
  ],
  ['no tool', { env: { MCP_TOOLSETS: 'search' }, args: ['--strict'] }, 1, 'mcp', /no tool is offered/],
  [
    'an address of another machine',
    { env: { HOST: '192.0.2.1', PORT: '3000' } },
    1,
    'host',
    /no address of this machine/,
  ],
  [
    'a state directory that is not there',
    { env: { STATE_DIR: '/nowhere/state' } },
    78,
    'host',
    /does not exist/,
  ],
]

describe('doctor', () => {
  verifies('cli:doctor', 'finds nothing wrong where nothing is, and leaves nothing behind', async () => {
    const { exit_code: code, checks } = await doctor({ args: ['--strict'] })
    expect([code, checks.filter(({ level }) => level !== 'ok')]).toEqual([0, []])
    expect([...new Set(checks.map(({ area }) => area))]).toEqual([
      ...['config', 'slack', 'events', 'mcp', 'queue', 'host'],
    ])
    expect(readdirSync(stateDir)).toEqual([])
  })

  for (const [what, wrong, exitCode, area, says] of cases) {
    verifies('cli:doctor', `names ${what} with its fix, and ends with ${exitCode}`, async () => {
      const { exit_code: code, checks } = await doctor(wrong)
      const bad = checks.filter(({ level }) => level === 'warn' || level === 'fail')
      expect(bad.filter((check) => check.area === area && says.test(check.says))).not.toEqual([])
      expect(bad.filter(({ fix }) => fix === null || fix === '')).toEqual([])
      expect(code).toBe(exitCode)
    })
  }

  test('is 1 for a port of another program', async () => {
    await using other = slackThat()
    const { exit_code: code, checks } = await doctor({ env: { PORT: String(other.port) } })
    expect([code, checks.filter(({ level }) => level === 'fail').map(({ says }) => says)]).toEqual([
      1,
      [`port ${other.port} on 127.0.0.1 is in use by another program`],
    ])
  })
})
