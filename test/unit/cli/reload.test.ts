import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { createReload, createReloadDesk } from '../../../src/cli/reload.ts'
import type { Config } from '../../../src/config/option-table.ts'
import { createCliContext } from '../../support/cli-context.ts'
import { configOf, credentials, type FakeFiles, load } from '../../support/load-config.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { verifies } from '../../support/verifies.ts'

const path = '/etc/slack-integrated-server/config.toml'
const newToken = ['xoxb', '22'].join('-')

/** A process that runs with an empty file; `write` says what the file holds from then on. */
function bench() {
  const files: Record<string, string> = { [path]: '' }
  const given: FakeFiles = files
  const { context } = createCliContext([], { env: credentials, files: given })
  const config = configOf(load({ purpose: 'serve', env: credentials, files: given }))
  const told: string[] = []
  const inEffect: Config[] = []
  const log = new RecordingLogger()
  const levels: string[] = []
  let refusal: AppError | undefined
  const reload = createReload({
    context,
    flags: { options: {}, configPath: undefined, envFilePath: undefined, own: {}, arguments: [] },
    config,
    status: 'Listening',
    notifier: {
      reloading: () => told.push('reloading'),
      reloaded: (status) => told.push(status),
    },
    running: {
      log,
      adoptLog: ({ logLevel }) => levels.push(logLevel),
      server: {
        reconfigure(next) {
          if (refusal !== undefined) throw refusal
          inEffect.push(next)
        },
        keepConfiguration: () => told.push('kept'),
      },
    },
  })
  return {
    config,
    reload,
    log,
    told,
    levels,
    inEffect,
    write: (text: string) => {
      files[path] = text
    },
    refuseWith: (error: AppError | undefined) => {
      refusal = error
    },
  }
}

describe('a reload', () => {
  verifies('reload:signal', 'puts into effect what differs from what the last one left', () => {
    const { reload, log, told, inEffect, write } = bench()
    write(`[slack]\nsigning_secret = "${'2'.repeat(32)}"\n[mcp]\nread_only = true\n`)
    // The environment says otherwise of the secret, and rules.
    reload()
    write('[mcp]\nread_only = true\n[log]\nlevel = "DEBUG"\n')
    reload()
    reload()
    expect(inEffect.map(({ mcpReadOnly, logLevel }) => [mcpReadOnly, logLevel])).toEqual([
      [true, 'info'],
      [true, 'debug'],
      [true, 'debug'],
    ])
    expect(log.named('config_reloaded').map(({ fields }) => fields['changed'])).toEqual([
      ['MCP_READ_ONLY'],
      ['LOG_LEVEL'],
      [],
    ])
    expect(told).toEqual(['reloading', 'Listening', 'reloading', 'Listening', 'reloading', 'Listening'])
  })

  verifies(
    'reload:refused',
    'of a file that is wrong changes nothing, and the service manager hears it',
    () => {
      const { reload, log, told, levels, inEffect, write } = bench()
      write('[log]\nlevel = "DEBUG"\n[mcp]\nread_onyl = true\n')
      reload()
      expect([inEffect, levels]).toEqual([[], []])
      expect(told).toEqual(['reloading', 'kept', 'Listening; the last reload was refused, see the log'])
      expect(log.named('config_problem_found')).toHaveLength(1)
      write('')
      reload()
      expect(told.at(-1)).toBe('Listening')
    },
  )

  verifies('reload:refused', 'that the server cannot carry out leaves the log as it was, too', () => {
    const { config, reload, log, told, levels, write, refuseWith } = bench()
    refuseWith(new AppError('CONFIG_INVALID', { details: { reason: 'no' } }))
    write(`[log]\nlevel = "DEBUG"\n`)
    reload()
    expect(levels).toEqual(['debug', config.logLevel])
    expect(told).toEqual(['reloading', 'kept', 'Listening; the last reload was refused, see the log'])
    expect(log.named('config_reload_refused').map(({ fields }) => fields['problem'])).toEqual([
      expect.stringContaining('reason: no'),
    ])
    // What was refused is still new the next time.
    refuseWith(undefined)
    reload()
    expect(log.named('config_reloaded').map(({ fields }) => fields['changed'])).toEqual([['LOG_LEVEL']])
  })

  test('writes no secret into the log', () => {
    const { reload, log, write } = bench()
    write(`[mcp]\nauth_tokens = "one:${'canary'.repeat(6)}"\n[slack]\nuser_token = "${newToken}-canary"\n`)
    reload()
    expect(log.named('config_reloaded')[0]?.fields['changed']).toEqual([
      'SLACK_USER_TOKEN',
      'MCP_AUTH_TOKENS',
    ])
    expect(Bun.inspect(log.lines, { depth: 9 })).not.toContain('canary')
  })
})

test('a reload asked for before the server serves is done when it does, once, and none is once it stops', () => {
  const done: string[] = []
  const desk = createReloadDesk()
  desk.ask()
  desk.ask()
  expect(done).toEqual([])
  desk.open(() => done.push('reloaded'))
  expect(done).toEqual(['reloaded'])
  desk.ask()
  expect(done).toHaveLength(2)
  desk.close()
  desk.ask()
  expect(done).toHaveLength(2)
  const calm = createReloadDesk()
  calm.open(() => done.push('unasked'))
  calm.close()
  expect(done).toHaveLength(2)
})
