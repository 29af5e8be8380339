import { describe, expect, test } from 'bun:test'
import { namedOptions } from '../../../src/config/option-names.ts'
import { runCommandLine } from '../../support/cli-context.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { credentials } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const token = 't'.repeat(32)
const systemFile = '/etc/slack-integrated-server/config.toml'

describe('version', () => {
  test('says what runs, in one line', async () => {
    const expected = {
      code: 0,
      stdout: 'slack-integrated-server 1.2.3 (abc1234 2026-11-22, bun 1.4.5, linux-x64-musl)\n',
      stderr: '',
    }
    for (const line of ['version', '--version', '-V']) expect(await runCommandLine([line])).toEqual(expected)
  })

  test('says the same for programs', async () => {
    const { code, stdout, stderr } = await runCommandLine(['version', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      name: 'slack-integrated-server',
      version: '1.2.3',
      commit: 'abc1234',
      date: '2026-11-22',
      bun: '1.4.5',
      target: 'linux-x64-musl',
    })
  })
})

describe('a command line that means nothing', () => {
  verifies('cli:usage', 'is one line on stderr and exit code 2', async () => {
    expect(await runCommandLine(['tokn'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'slack-integrated-server: there is no command "tokn"; did you mean token?\n',
    })
    expect((await runCommandLine(['--prot', '1'])).code).toBe(2)
  })

  test('that names a group only shows its commands, as an error', async () => {
    const run = await runCommandLine(['config'])
    expect([run.code, run.stdout]).toEqual([2, ''])
    expect(run.stderr).toContain('config check')
    expect(await runCommandLine(['config', '--help'])).toEqual({ code: 0, stdout: run.stderr, stderr: '' })
  })
})

describe('a configuration without credentials', () => {
  const advice = '"slack-integrated-server demo" runs without a Slack account.'

  test('names the command that needs none, and one with a mistake does not', async () => {
    const none = await runCommandLine(['serve'])
    expect(none.code).toBe(78)
    expect(none.stderr).toEndWith(`prints every value and its origin.\n${advice}\n`)
    const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET } = credentials
    for (const env of [{ SLACK_BOT_TOKEN }, { SLACK_SIGNING_SECRET }])
      expect((await runCommandLine(['serve'], { env })).stderr).toContain(advice)
    for (const env of [
      { ...credentials, PORT: 'x' },
      { ...credentials, SLACK_BOT_TOKEN: 'not a token' },
    ]) {
      const run = await runCommandLine(['serve'], { env })
      expect([run.code, run.stderr.includes(advice)]).toEqual([78, false])
    }
  })
})

describe('config check', () => {
  verifies('cli:config-check', 'says yes and exits 0, or says what is wrong and exits 78', async () => {
    const env = { ...credentials, MCP_AUTH_TOKENS: token }
    expect(await runCommandLine(['config', 'check'], { env })).toEqual({
      code: 0,
      stdout: 'The configuration is valid.\n',
      stderr:
        'Note: memory: accepted events are lost when the process ends. QUEUE_BACKEND_TYPE=sqlite (with STATE_DIR) or redis (with REDIS_URL) keeps them.\n',
    })
    // What is as it should be is no note: a derived token is the default.
    const derived = await runCommandLine(['config', 'check', '--no-webhook'], { env: credentials })
    expect(derived).toEqual({ code: 0, stdout: 'The configuration is valid.\n', stderr: '' })
    const run = await runCommandLine(['config', 'check', '--port', 'x'], { env })
    expect([run.code, run.stdout]).toEqual([78, ''])
    expect(run.stderr).toBe(
      [
        'The configuration has a problem:',
        '  PORT (--port, [server] port): expected an integer from 0 to 65535, got "x"',
        '      from flag --port',
        '"slack-integrated-server config show" prints every value and its origin.',
        '',
      ].join('\n'),
    )
  })

  test('knows the toolsets, of the server and of each token, whatever else is wrong', async () => {
    const files = { [systemFile]: '[[mcp.tokens]]\nname = "default"\ntoolsets = ["mesages", "files"]' }
    const env = {
      ...credentials,
      MCP_AUTH_TOKENS: token,
      MCP_TOOLSETS: 'default,all,search,emojis',
      PORT: 'x',
    }
    const { code, stderr } = await runCommandLine(['config', 'check'], { env, files })
    expect(code).toBe(78)
    const lines = stderr.split('\n').filter((line) => /^ {2}\S/.test(line))
    expect(lines).toEqual([
      '  PORT (--port, [server] port): expected an integer from 0 to 65535, got "x"',
      '  MCP_TOOLSETS (--toolsets, [mcp] toolsets): there is no toolset "emojis"; did you mean emoji?',
      '  [mcp] tokens: there is no toolset "mesages"; did you mean messages?',
    ])
  })
})

describe('config show', () => {
  verifies(
    'cli:config-show',
    'prints every option, masked and with its origin, also when the configuration is invalid',
    async () => {
      const env = { SLACK_BOT_TOKEN: 'xoxb-canary', MCP_AUTH_TOKENS: `ci:${token}canary`, PORT: 'x' }
      const files = { [systemFile]: '[log]\nlevel = "debug"\n[server]\nport = 1' }
      const { code, stdout, stderr } = await runCommandLine(['config', 'show', '--no-docs'], { env, files })
      expect(code).toBe(0)
      expect(stdout + stderr).not.toContain('canary')
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/))
      expect(rows.length).toBe(namedOptions.length + 1)
      const row = (name: string) => rows.find(([first]) => first === name)
      expect(row('HOST')).toEqual(['HOST', '127.0.0.1', 'default'])
      expect(row('PORT')).toEqual([
        'PORT',
        '(refused)',
        `variable PORT (overrides ${systemFile} [server] port)`,
      ])
      expect(row('SLACK_BOT_TOKEN')).toEqual(['SLACK_BOT_TOKEN', '[secret]', 'variable SLACK_BOT_TOKEN'])
      expect(row('MCP_AUTH_TOKENS')).toEqual(['MCP_AUTH_TOKENS', 'ci:[secret]', 'variable MCP_AUTH_TOKENS'])
      expect(row('REDIS_URL')).toEqual(['REDIS_URL', '-', 'not set'])
      // Whole, however long, and the others still in line.
      expect(row('CORS_ALLOW_HEADERS')?.[1]).toEndWith(',Mcp-Session-Id,X-Correlation-Id')
      expect(stdout.split('\n')[1]).toMatch(/^HOST {2,}127\.0\.0\.1 {2,41}default$/)
      expect(row('DOCS_ENABLED')).toEqual(['DOCS_ENABLED', 'false', 'flag --no-docs'])
      expect(row('LOG_LEVEL')).toEqual(['LOG_LEVEL', 'debug', `${systemFile} [log] level`])
      expect(stderr).toContain('PORT (--port, [server] port): expected an integer')
      expect(stderr).toContain('SLACK_SIGNING_SECRET')
    },
  )

  test('prints the same for programs', async () => {
    const env = { ...credentials, HOST: '::1' }
    const { code, stdout, stderr } = await runCommandLine(['config', 'show', '--json'], { env })
    expect([code, stderr]).toEqual([0, ''])
    const shown: unknown = JSON.parse(stdout)
    expect(shown).toMatchObject({ config_file: null, problems: [] })
    expect(shown).toHaveProperty('options.0', {
      name: 'HOST',
      value: '::1',
      refused: false,
      origin: { kind: 'env', where: 'variable HOST' },
      overridden: [],
    })
    expect(stdout).not.toContain('xoxb-1')
  })
})

test('config schema prints JSON without any configuration', async () => {
  const { code, stdout } = await runCommandLine(['config', 'schema'], { env: { PORT: 'x' } })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toHaveProperty('properties.server.properties.port.maximum', 65_535)
})

describe('token', () => {
  verifies('cli:token', 'prints the token that is derived, and nothing else on stdout', async () => {
    const env = { SLACK_SIGNING_SECRET: '8f742231b10e8888abcd99yyyzzz85a5,other' }
    const mcp = await runCommandLine(['token'], { env })
    expect(mcp).toEqual({ code: 0, stdout: 'jntQmSk3l4hwWaqOUHOeRT-9ytIkJqpazNNMEMBODaE\n', stderr: '' })
    const admin = await runCommandLine(['token', '--admin'], { env })
    expect(admin).toEqual({ code: 0, stdout: 'PluZGMSDRnOBhgP70jPadQxDVD31S-Ck7TgFuxw-rU4\n', stderr: '' })
  })

  verifies(
    'cli:token:forward',
    'prints what forwarded events are signed with, and one thing at a time',
    async () => {
      const env = { SLACK_SIGNING_SECRET: '8f742231b10e8888abcd99yyyzzz85a5,other' }
      const printed = async (more = {}) =>
        (await runCommandLine(['token', '--forward'], { env: { ...env, ...more } })).stdout
      expect(await printed()).toBe('IZHQmMAEa6yNP2cwT_r4sqsFghXWCKotWGK8IJI2004\n')
      expect(await printed({ FORWARD_SECRET: token })).toBe(`${token}\n`)
      expect(await runCommandLine(['token', '--forward', '--admin'], { env })).toEqual({
        code: 2,
        stdout: '',
        stderr: 'slack-integrated-server: --admin and --forward ask for different things: give one\n',
      })
    },
  )

  test('prints a configured token where there is one: the first, or the one of a name', async () => {
    const env = { ...credentials, MCP_AUTH_TOKENS: `a:${token}a,b:${token}b`, ADMIN_TOKEN: `${token}c` }
    const printed = async (...argv: readonly string[]) =>
      (await runCommandLine(['token', ...argv], { env })).stdout
    expect(await printed()).toBe(`${token}a\n`)
    expect(await printed('--name', 'b')).toBe(`${token}b\n`)
    expect(await printed('--admin')).toBe(`${token}c\n`)
    expect(await runCommandLine(['token', '--name', 'c'], { env })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'slack-integrated-server: there is no token of this name; names: a, b\n',
    })
  })

  test('needs a key', async () => {
    const { code, stdout, stderr } = await runCommandLine(['token'])
    expect([code, stdout]).toEqual([78, ''])
    expect(stderr).toContain('SLACK_SIGNING_SECRET')
    expect(stderr).toContain('App Credentials > Signing Secret')
  })

  test('says where none is asked for', async () => {
    const env = { ...credentials, MCP_AUTH: 'none' }
    expect((await runCommandLine(['token'], { env })).stderr).toBe(
      'MCP_AUTH=none: the server asks for no token.\n',
    )
  })
})

describe('healthcheck', () => {
  const answering = (status: number) => {
    const asked: string[] = []
    const fetch = (url: string) => {
      asked.push(url)
      return Promise.resolve(new Response('{}', { status }))
    }
    return { asked, fetch }
  }

  verifies('cli:healthcheck', 'exits 0 where the local server is well, else 1', async () => {
    const well = answering(200)
    const clock = new FakeClock()
    expect(await runCommandLine(['healthcheck'], { fetch: well.fetch, clock })).toEqual({
      code: 0,
      stdout: 'http://127.0.0.1:3000/health answers 200\n',
      stderr: '',
    })
    expect(clock.timerCount).toBe(0)
    const ill = answering(503)
    expect(await runCommandLine(['healthcheck', 'readyz'], { fetch: ill.fetch })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'http://127.0.0.1:3000/readyz answers 503\n',
    })
    expect(await runCommandLine(['healthcheck', 'livez'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'http://127.0.0.1:3000/livez does not answer\n',
    })
  })

  test('asks where the server of this configuration listens', async () => {
    const rows = [
      [{ HOST: '0.0.0.0', PORT: '80' }, 'http://127.0.0.1:80/health'],
      [{ HOST: '::' }, 'http://[::1]:3000/health'],
      [{ HOST: 'fd00::1' }, 'http://[fd00::1]:3000/health'],
      [{ HOST: 'box.internal' }, 'http://box.internal:3000/health'],
    ] as const
    for (const [env, url] of rows) {
      const { asked, fetch } = answering(200)
      await runCommandLine(['healthcheck'], { env, fetch })
      expect(asked).toEqual([url])
    }
  })

  test('waits three seconds at most', async () => {
    const clock = new FakeClock()
    const fetch = (_url: string, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
    let code: number | undefined
    const run = runCommandLine(['healthcheck'], { clock, fetch }).then((result) => {
      code = result.code
    })
    // The command is loaded when it is run, which takes as long as the machine makes it.
    while (clock.timerCount === 0) await settle()
    await clock.advance(2999)
    expect(code).toBeUndefined()
    await clock.advance(1)
    await run
    expect([code, clock.timerCount]).toEqual([1, 0])
  })

  test('refuses what it cannot ask', async () => {
    expect((await runCommandLine(['healthcheck', 'metrics'])).code).toBe(2)
    expect((await runCommandLine(['healthcheck'], { env: { PORT: '0' } })).code).toBe(2)
    expect((await runCommandLine(['healthcheck'], { env: { PORT: 'x' } })).code).toBe(78)
  })
})

describe('tools list', () => {
  test('lists what the configuration offers', async () => {
    const { code, stdout } = await runCommandLine(['tools', 'list'])
    expect(code).toBe(0)
    expect(stdout).toContain('slack_post_message')
    const reading = await runCommandLine(['tools', 'list', '--read-only', '--json'])
    const tools: readonly { readonly name: string; readonly effect: string }[] = JSON.parse(reading.stdout)
    expect(tools.map(({ effect }) => effect)).not.toContain('write')
    expect(tools.map(({ name }) => name)).toContain('slack_read_channel_messages')
    const emoji = await runCommandLine(['tools', 'list', '--toolsets', 'emoji', '--json'])
    expect(JSON.parse(emoji.stdout).map(({ name }: { readonly name: string }) => name)).toEqual([
      'slack_read_emojis',
    ])
  })

  test('refuses an unknown toolset', async () => {
    const { code, stderr } = await runCommandLine(['tools', 'list', '--toolsets', 'mesages'])
    expect(code).toBe(78)
    expect(stderr).toContain('did you mean messages?')
  })
})
