import { describe, expect, test } from 'bun:test'
import { configOf, type FakeFiles, type LoadInput, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const path = '/etc/slack-integrated-server/config.toml'
const withPort = (port: number) => `[server]\nport = ${port}`

describe('where the file is looked for', () => {
  const files: FakeFiles = {
    '/explicit.toml': withPort(1),
    '/variable.toml': withPort(2),
    '/xdg/slack-integrated-server/config.toml': withPort(3),
    '/home/me/.config/slack-integrated-server/config.toml': withPort(4),
    [path]: withPort(5),
    'config.toml': withPort(6),
    './config.toml': withPort(6),
    'slack-integrated-server/config.toml': withPort(6),
    './slack-integrated-server/config.toml': withPort(6),
    './.config/slack-integrated-server/config.toml': withPort(6),
  }
  const env = { CONFIG_FILE: '/variable.toml', XDG_CONFIG_HOME: '/xdg', HOME: '/home/me' }
  const find = (input: LoadInput) => {
    const loaded = load({ files, ...input })
    return [configOf(loaded).port, loaded.configFilePath]
  }

  verifies('config:file:places', 'flag, variable, XDG or home, system; never the working directory', () => {
    expect(find({ env, configPath: '/explicit.toml' })).toEqual([1, '/explicit.toml'])
    expect(find({ env })).toEqual([2, '/variable.toml'])
    expect(find({ env, configPath: '' })).toEqual([2, '/variable.toml'])
    expect(find({ env: { ...env, CONFIG_FILE: '' } })).toEqual([
      3,
      '/xdg/slack-integrated-server/config.toml',
    ])
    expect(find({ env: { HOME: '/home/me' } })).toEqual([
      4,
      '/home/me/.config/slack-integrated-server/config.toml',
    ])
    expect(find({})).toEqual([5, path])
    expect(find({ env: { XDG_CONFIG_HOME: '/empty' } })).toEqual([5, path])
    // The specification of XDG: relative paths are to be ignored.
    expect(find({ env: { XDG_CONFIG_HOME: '.', HOME: '.' } })).toEqual([5, path])
    const { [path]: _, ...others } = files
    expect(find({ files: others })).toEqual([3000, undefined])
  })

  test('a file that was asked for must be there; one that is there must be readable', () => {
    expect(load({ configPath: '/gone.toml' }).problems).toEqual([
      { subject: '/gone.toml', message: 'there is no such file' },
    ])
    // What is missing may stand in it.
    expect(load({ configPath: '/gone.toml', purpose: 'serve' }).problems).toHaveLength(1)
    expect(load({ files: { [path]: 'port = ' }, purpose: 'serve' }).problems).toHaveLength(1)
    expect(load({ files: { [path]: '[server]' }, purpose: 'serve' }).problems).toHaveLength(2)
    const off = { MCP_ENABLED: 'false', WEBHOOK_ENABLED: 'false' }
    expect(load({ configPath: '/gone.toml', purpose: 'serve', env: off }).problems).toHaveLength(2)
    const unreadable = { kind: 'unreadable', reason: 'permission denied' } as const
    expect(load({ files: { [path]: unreadable } }).problems).toEqual([
      { subject: path, message: 'permission denied' },
    ])
  })
})

describe('what stands in the file', () => {
  const problemsOf = (toml: string) => load({ files: { [path]: toml } }).problems

  test('each group is a table, and keys lose the name of their group', () => {
    const toml = `
      [slack]
      bot_token = "xoxb-1"
      signing_secret = ["a", "b"]
      retry = 0
      [mcp]
      mount_path = "/api/mcp"
      read_only = true
      toolsets = ["messages"]
      [queue]
      backend_type = "redis"
      redis_url = "redis://localhost"
      [log]
      level = "debug"`
    const config = configOf(load({ files: { [path]: toml } }))
    expect(config).toMatchObject({
      slackRetry: 0,
      mcpMountPath: '/api/mcp',
      mcpReadOnly: true,
      logLevel: 'debug',
    })
    expect(config.slackSigningSecret.map((secret) => secret.reveal())).toEqual(['a', 'b'])
    expect(config.redisUrl?.reveal()).toBe('redis://localhost')
  })

  verifies(
    'config:file:unknown',
    'an unknown table or key is an error that names the nearest, or where it belongs',
    () => {
      expect(problemsOf('[serve]\nport = 1')).toEqual([
        { subject: '[serve]', message: 'there is no such table', hint: 'did you mean [server]?', from: path },
      ])
      expect(problemsOf('[telemetry]')).toEqual([
        {
          subject: '[telemetry]',
          message: 'there is no such table',
          hint: 'tables: server, slack, mcp, webhook, queue, forward, limits, cors, docs, log, traces',
          from: path,
        },
      ])
      expect(problemsOf('port = 1')).toEqual([
        { subject: 'port', message: 'belongs into the table [server]', from: path },
      ])
      expect(problemsOf('server = 1')).toEqual([
        { subject: 'server', message: 'expected a table, as in [server]', from: path },
      ])
      expect(problemsOf('[[server]]')).toEqual([
        { subject: 'server', message: 'expected a table, as in [server]', from: path },
      ])
      expect(problemsOf('[server]\nprot = 1')).toEqual([
        { subject: '[server] prot', message: 'there is no such key', hint: 'did you mean port?', from: path },
      ])
      expect(problemsOf('[log]\nmount_path = "/x"')).toEqual([
        {
          subject: '[log] mount_path',
          message: 'there is no such key',
          hint: 'it belongs into the table [mcp]',
          from: path,
        },
      ])
      expect(problemsOf('[docs]\nsomething_else = 1')).toEqual([
        {
          subject: '[docs] something_else',
          message: 'there is no such key',
          hint: 'keys: enabled',
          from: path,
        },
      ])
    },
  )

  test('keys that every object has are no keys of the file', () => {
    expect(problemsOf('[server]\n__proto__ = 1').length).toBe(1)
    expect(problemsOf('[__proto__]\nport = 1').length).toBe(1)
    expect(problemsOf('[constructor]\nport = 1').length).toBe(1)
    expect(({} as Record<string, unknown>)['port']).toBeUndefined()
  })
})

describe('a file that is not TOML', () => {
  const messageOf = (toml: string) => load({ files: { [path]: toml } }).problems.map(({ message }) => message)

  verifies('config:file:toml', 'is refused with the line, and without quoting what may be a secret', () => {
    expect(messageOf('[slack]\nretry = 3\nbot_token = xoxb-canary\n[log]\n')).toEqual([
      'not TOML: Strings must be quoted: … (line 3)',
    ])
    expect(messageOf('[server]\nport = 1\n\n# c\nport = 2')).toEqual([
      "not TOML: Cannot redefine key 'port' (line 5)",
    ])
    expect(messageOf('[cors]\nallow_origins = [\n  "https://a.example",\n  oops\n]')).toEqual([
      'not TOML: Strings must be quoted: … (line 2)',
    ])
    for (const toml of [
      'x = "canary',
      "x = 'canary",
      'canary',
      'x = [ canary',
      'x = canary" y',
      '= canary',
    ]) {
      expect(messageOf(toml).join()).not.toContain('canary')
    }
  })

  test('of more lines than are searched is refused without one', () => {
    const lines = (count: number) => `${'#\n'.repeat(count - 1)}x`
    expect(messageOf(lines(2000))[0]).toEndWith('(line 2000)')
    expect(messageOf(lines(2001))[0]).not.toContain('line')
  })

  test('what is no fault of the file is not taken for one', () => {
    const parseToml = () => {
      throw new TypeError('a defect')
    }
    expect(() => load({ files: { [path]: '' }, parseToml })).toThrow('a defect')
  })
})
