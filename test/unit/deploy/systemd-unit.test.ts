import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { renderFile } from '../../support/deploy-files.ts'
import { configOf, credentials, load } from '../../support/load-config.ts'
import { describeWithTool } from '../../support/real-tool.ts'

const unit = renderFile('systemd', 'https://slack.example.com')

function valuesOf(key: string): readonly string[] {
  return unit.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []))
}

const contents: Readonly<Record<string, string>> = {
  slack_bot_token: credentials.SLACK_BOT_TOKEN,
  slack_signing_secret: credentials.SLACK_SIGNING_SECRET,
}

test('its environment, credentials and state directory start the server with events on disk', () => {
  const variables = valuesOf('Environment').map((line) => /^"(\w+)=(.*)"$/.exec(line)?.slice(1) ?? [])
  const credentials = valuesOf('LoadCredential').map((line) => line.split(':')[0] ?? '')
  const env = {
    ...Object.fromEntries(variables),
    CREDENTIALS_DIRECTORY: '/run/credentials',
    STATE_DIRECTORY: `/var/lib/${valuesOf('StateDirectory')[0]}`,
  }
  const files = Object.fromEntries(
    credentials.map((name) => [`/run/credentials/${name}`, `${contents[name]}\n`]),
  )
  const config = configOf(load({ purpose: 'serve', env, files }))
  expect([config.queueBackendType, config.stateDir]).toEqual(['sqlite', '/var/lib/slack-integrated-server'])
  expect(config.slackBotToken?.reveal()).toBe('xoxb-1')
})

test('waits for the server to say that it is ready and alive, and longer than a stop takes', () => {
  expect([valuesOf('Type'), valuesOf('NotifyAccess'), valuesOf('WatchdogSec')]).toEqual([
    ['notify'],
    ['main'],
    ['30s'],
  ])
  const { serverShutdownSeconds } = configOf(load({}))
  expect(Number.parseInt(valuesOf('TimeoutStopSec')[0] ?? '', 10)).toBeGreaterThan(serverShutdownSeconds)
})

test('does not start again what cannot heal', () => {
  expect(valuesOf('RestartPreventExitStatus')).toEqual([`${exitCodes.usage} ${exitCodes.config}`])
})

test('starts again what failed, reads its configuration again when told, and takes a part of the machine only', () => {
  expect([valuesOf('Restart'), valuesOf('ExecReload')]).toEqual([['on-failure'], ['/bin/kill -HUP $MAINPID']])
  expect([valuesOf('MemoryMax'), valuesOf('TasksMax')]).toEqual([['512M'], ['256']])
})

test('keeps events and credentials from everybody else', () => {
  expect([valuesOf('StateDirectoryMode'), valuesOf('UMask')]).toEqual([['0700'], ['0077']])
})

test('leaves the engine its right to compile', () => {
  expect(valuesOf('MemoryDenyWriteExecute')).toEqual([])
})

const tool = { program: 'systemd-analyze', debian: 'systemd', demandedBy: 'REQUIRE_TOOLS' } as const

describeWithTool(tool, 'systemd-analyze', (analyze) => {
  function run(text: string, ...args: readonly string[]): { readonly code: number; readonly said: string } {
    const folder = mkdtempSync(join(tmpdir(), 'unit-'))
    try {
      const path = join(folder, 'slack-integrated-server.service')
      // verify wants the program to be there.
      writeFileSync(path, text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
      const { exitCode, stdout, stderr } = Bun.spawnSync([analyze, ...args, path])
      return { code: exitCode, said: `${stdout}${stderr}` }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  test('verify finds nothing, and would say what it does not know', () => {
    expect(run(unit, 'verify')).toEqual({ code: 0, said: '' })
    expect(run(unit.replace('ProtectHome=', 'ProtectHomes='), 'verify').said).toContain('ProtectHomes')
  })

  test('security finds an exposure of at most 1.3', () => {
    const limit = ['security', '--offline=true', '--threshold=13']
    expect(run(unit, ...limit).code).toBe(0)
    expect(run(unit.replace('PrivateUsers=yes', ''), ...limit).code).toBe(1)
  })
})
