import { describe, expect, test } from 'bun:test'
import { renderProblems } from '../../../src/config/config-problem.ts'
import { configOf, credentials, type LoadInput, load, settingOf } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

/** What Claude Desktop passes on where the user left a field of the form empty. */
const unexpanded = (name: string) => ['$', `{user_config.${name}}`].join('')

const systemFile = '/etc/slack-integrated-server/config.toml'

verifies('S28', 'one load yields the whole configuration, decoded and checked once', () => {
  const config = configOf(load({ purpose: 'serve', env: credentials }))
  expect({ ...config, slackBotToken: 0, slackSigningSecret: 0 }).toEqual({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: undefined,
    allowedHosts: [],
    serverTrustedProxies: [],
    serverRequireHttps: false,
    serverShutdownSeconds: 10,
    stateDir: undefined,
    adminToken: undefined,
    adminPort: undefined,
    adminHost: '127.0.0.1',
    slackUserToken: undefined,
    slackApiUrl: 'https://slack.com/api/',
    slackRetry: 3,
    slackDistributedAppLimits: false,
    slackEventsTopic: 'slack.events',
    mcpEnabled: true,
    mcpTransport: 'sse',
    mcpMountPath: '/mcp',
    mcpAuth: ['token'],
    mcpAuthTokens: [],
    mcpTokens: [],
    mcpToolsets: ['default'],
    mcpReadOnly: false,
    mcpTools: [],
    mcpExcludeTools: [],
    mcpReadChannels: [],
    mcpWriteChannels: [],
    mcpDms: true,
    mcpConfirm: false,
    mcpAllowBroadcasts: false,
    mcpAllowUnfurling: false,
    mcpImageHosts: [],
    mcpHideAuthors: [],
    mcpTimezone: undefined,
    mcpLookupPagesMax: 10,
    mcpSessions: 'memory',
    mcpSessionsMax: 1000,
    mcpSessionsPerPrincipalMax: 64,
    mcpSessionIdleSeconds: 900,
    mcpSessionLifetimeSeconds: 86_400,
    mcpSessionInitializeSeconds: 10,
    mcpSessionCallsMax: 32,
    webhookEnabled: true,
    queueBackendType: 'memory',
    redisUrl: undefined,
    redisKeyPrefix: undefined,
    redisTlsCa: undefined,
    queueEventsMax: 1_000_000,
    queueMebibytesMax: 4096,
    queueRetentionHours: 24,
    queueFull: 'refuse',
    queueGroupIdleDays: 7,
    queueMemoryEventsMax: 10_000,
    queueDedupeSeconds: 93_600,
    queueDedupeIdsMax: 100_000,
    forwardUrl: undefined,
    forwardSecret: undefined,
    forwardEvents: ['*'],
    forwardTimeoutSeconds: 10,
    forwardConcurrency: 8,
    forwardOrdered: false,
    forwardPrivateNetwork: false,
    limitsAddressFailuresPerMinute: 60,
    limitsPrincipalRequestsPerMinute: 600,
    limitsToolCallsPerMinute: 120,
    corsAllowOrigins: [],
    corsAllowMethods: ['GET', 'POST', 'DELETE'],
    corsAllowHeaders: [
      'Authorization',
      'Content-Type',
      'Last-Event-ID',
      'Mcp-Method',
      'Mcp-Name',
      'Mcp-Protocol-Version',
      'Mcp-Session-Id',
      'X-Correlation-Id',
    ],
    corsAllowCredentials: false,
    docsEnabled: true,
    logLevel: 'info',
    logFormat: 'auto',
    tracesEndpoint: undefined,
    tracesHeaders: [],
    tracesProtocol: 'http/protobuf',
    tracesServiceName: 'slack-integrated-server',
    tracesResourceAttributes: [],
    tracesSampler: 'parentbased_always_on',
    tracesSamplerArg: 1,
    slackBotToken: 0,
    slackSigningSecret: 0,
  })
  expect(config.slackBotToken?.reveal()).toBe('xoxb-1')
  expect(config.slackSigningSecret.map((secret) => secret.reveal())).toEqual([
    credentials.SLACK_SIGNING_SECRET,
  ])
})

describe('which value counts', () => {
  /** Each source of PORT, from the one that rules to the one that everything overrides. */
  const layers: readonly (readonly [where: string, value: number, input: LoadInput])[] = [
    ['the command', 1, { presets: { port: '1' } }],
    ['flag --port', 2, { flags: { port: '2' } }],
    ['variable PORT', 3, { env: { PORT: '3' } }],
    ['/e/.env PORT', 4, { envFilePath: '/e/.env', files: { '/e/.env': 'PORT=4' } }],
    [`${systemFile} [server] port`, 5, { files: { [systemFile]: '[server]\nport = 5' } }],
    ['default', 3000, {}],
  ]

  function stack(inputs: readonly LoadInput[]): LoadInput {
    const merged = Object.assign({}, ...inputs.toReversed())
    return { ...merged, files: Object.assign({}, ...inputs.map(({ files }) => files)) }
  }

  verifies(
    'S40',
    'a flag rules over the environment, that over an env file, that over the configuration file',
    () => {
      for (const [index, [where, value]] of layers.entries()) {
        const loaded = load(stack(layers.slice(index).map(([, , input]) => input)))
        expect([where, configOf(loaded).port]).toEqual([where, value])
        const { origin, overridden } = settingOf(loaded, 'port')
        expect(origin.where).toBe(where)
        const below = layers.slice(index + 1).map(([lower]) => lower)
        expect(overridden.map((lower) => lower.where)).toEqual(below.filter((lower) => lower !== 'default'))
      }
    },
  )

  verifies(
    'S88',
    'a secret comes from its variable, else NAME_FILE, else the systemd credential, else the configuration file',
    () => {
      const files = {
        '/run/token': 'xoxb-file\n',
        '/cred/slack_bot_token': 'xoxb-credential\r\n',
        [systemFile]: '[slack]\nbot_token = "xoxb-toml"',
      }
      const file = { SLACK_BOT_TOKEN_FILE: '/run/token' }
      const credential = { CREDENTIALS_DIRECTORY: '/cred' }
      const rows = [
        [{ SLACK_BOT_TOKEN: 'xoxb-env', ...file, ...credential }, 'xoxb-env', 'variable SLACK_BOT_TOKEN'],
        [{ ...file, ...credential }, 'xoxb-file', 'file /run/token (SLACK_BOT_TOKEN_FILE)'],
        [credential, 'xoxb-credential', 'credential /cred/slack_bot_token'],
        [{}, 'xoxb-toml', `${systemFile} [slack] bot_token`],
      ] as const
      for (const [env, value, where] of rows) {
        const loaded = load({ env, files })
        expect([where, configOf(loaded).slackBotToken?.reveal()]).toEqual([where, value])
        expect(settingOf(loaded, 'slackBotToken').origin.where).toBe(where)
      }
    },
  )

  verifies('S107', 'an env file is read only when it is named, and NAME_FILE may stand in it', () => {
    const files = {
      '.env': 'PORT=9999',
      '/app/.env': '# c\nexport LOG_LEVEL="DEBUG"\nSLACK_BOT_TOKEN_FILE=/run/token\nPORT=\n',
      '/run/token': 'xoxb-1',
    }
    expect(configOf(load({ files })).port).toBe(3000)
    const config = configOf(load({ files, envFilePath: '/app/.env' }))
    expect([config.logLevel, config.slackBotToken?.reveal(), config.port]).toEqual(['debug', 'xoxb-1', 3000])
    expect(load({ envFilePath: '/app/no.env', purpose: 'serve' }).problems).toEqual([
      { subject: '--env-file /app/no.env', message: 'there is no such file' },
    ])
  })

  test("systemd's STATE_DIRECTORY counts below STATE_DIR, and its first directory is taken", () => {
    const env = { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }
    expect(configOf(load({ env })).stateDir).toBe('/var/lib/a')
    expect(configOf(load({ env: { ...env, STATE_DIR: '/srv/x' } })).stateDir).toBe('/srv/x')
  })

  verifies('S5', 'an empty mount path, and whatever else is empty, counts as unset', () => {
    const env = {
      MCP_MOUNT_PATH: '',
      PORT: ' ',
      HOST: unexpanded('host'),
      SLACK_BOT_TOKEN: unexpanded('slack_bot_token'),
    }
    const loaded = load({
      env,
      flags: { mcpMountPath: '' },
      files: { [systemFile]: '[mcp]\nmount_path = ""' },
    })
    expect(loaded.problems).toEqual([])
    const { mcpMountPath, port, host, slackBotToken } = configOf(loaded)
    expect([mcpMountPath, port, host, slackBotToken]).toEqual(['/mcp', 3000, '127.0.0.1', undefined])
    expect(configOf(load({ env: { SLACK_EVENTS_TOPIC: 'user_config.x' } })).slackEventsTopic).toBe(
      'user_config.x',
    )
  })

  test('an unset option is empty or has its default, and says so', () => {
    const loaded = load({})
    expect(settingOf(loaded, 'redisUrl').origin).toEqual({ kind: 'unset', where: 'not set' })
    expect(settingOf(loaded, 'allowedHosts').origin).toEqual({ kind: 'unset', where: 'not set' })
    expect(settingOf(loaded, 'host').origin).toEqual({ kind: 'default', where: 'default' })
  })

  test('what is overridden is not judged', () => {
    const env = { PORT: 'x', SLACK_BOT_TOKEN: 'xoxb-1', SLACK_BOT_TOKEN_FILE: '/gone' }
    expect(load({ env, flags: { port: '1' } }).problems).toEqual([])
  })
})

describe('two names of one option', () => {
  verifies('config:alias', 'may agree, and are an error where they do not', () => {
    expect(configOf(load({ env: { QUEUE_BACKEND: 'memory' } })).queueBackendType).toBe('memory')
    const agreeing = { QUEUE_BACKEND: 'memory', QUEUE_BACKEND_TYPE: 'memory' }
    expect(load({ env: agreeing }).problems).toEqual([])
    expect(load({ env: { ...agreeing, QUEUE_BACKEND: 'sqlite' } }).problems).toEqual([
      {
        subject: 'QUEUE_BACKEND_TYPE (--queue-backend, [queue] backend_type)',
        message: 'QUEUE_BACKEND_TYPE and QUEUE_BACKEND have different values, and name the same option',
        from: 'the environment',
        hint: 'Keep QUEUE_BACKEND_TYPE.',
      },
    ])
  })

  test('in the environment and in an env file: the environment counts', () => {
    const files = { '/e': 'QUEUE_BACKEND_TYPE=redis' }
    const loaded = load({ env: { QUEUE_BACKEND: 'sqlite' }, envFilePath: '/e', files })
    expect(configOf(loaded).queueBackendType).toBe('sqlite')
  })
})

describe('files of secrets that cannot be used', () => {
  const subject = 'SLACK_BOT_TOKEN (SLACK_BOT_TOKEN_FILE, [slack] bot_token)'
  const hint = 'https://api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token.'
  const env = { SLACK_BOT_TOKEN_FILE: '/t' }
  const from = 'file /t (SLACK_BOT_TOKEN_FILE)'

  test('are named with the reason, and hide that the secret is missing', () => {
    const rows = [
      [{}, 'the file does not exist'],
      [
        { '/t': { kind: 'unreadable', reason: 'permission denied' } },
        'the file cannot be read: permission denied',
      ],
      [{ '/t': ' \n' }, 'the file is empty'],
    ] as const
    for (const [files, message] of rows) {
      const loaded = load({ purpose: 'stdio', env, files })
      expect(loaded.problems).toEqual([{ subject, message, from, hint }])
      expect(loaded.config).toBeUndefined()
    }
  })

  test('a credential that is not there is no problem; one that cannot be read is', () => {
    const directory = { CREDENTIALS_DIRECTORY: '/cred' }
    expect(load({ env: directory }).problems).toEqual([])
    const files = { '/cred/slack_bot_token': { kind: 'unreadable', reason: 'it is a directory' } } as const
    expect(load({ env: directory, files }).problems.map(({ message }) => message)).toEqual([
      'the file cannot be read: it is a directory',
    ])
  })

  test('NAME_FILE is for secrets alone', () => {
    expect(configOf(load({ env: { PORT_FILE: '/p' }, files: { '/p': '1' } })).port).toBe(3000)
  })
})

verifies(
  'config:problems:all',
  'every problem is reported at once, each with its spellings, source and hint',
  () => {
    const loaded = load({
      purpose: 'serve',
      flags: { port: '70000' },
      env: { MCP_TRANSPORT: 'see', SLACK_BOT_TOKEN: 'xapp-1' },
      files: { [systemFile]: '[log]\nlevle = "INFO"' },
    })
    expect(loaded.config).toBeUndefined()
    expect(renderProblems(loaded.problems)).toBe(
      [
        'The configuration has 5 problems:',
        '  [log] levle: there is no such key',
        `      from ${systemFile}`,
        '      hint: did you mean level?',
        '  PORT (--port, [server] port): expected an integer from 0 to 65535, got "70000"',
        '      from flag --port',
        '  SLACK_BOT_TOKEN (SLACK_BOT_TOKEN_FILE, [slack] bot_token): this is an app-level token (xapp-), which the Web API does not take',
        '      from variable SLACK_BOT_TOKEN',
        '      hint: https://api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token.',
        '  MCP_TRANSPORT (--transport, [mcp] transport): expected sse or streamable-http, got "see"; did you mean sse?',
        '      from variable MCP_TRANSPORT',
        '  SLACK_SIGNING_SECRET (SLACK_SIGNING_SECRET_FILE, [slack] signing_secret): is required to tell Slack from others (or --no-webhook to run MCP alone)',
        '      hint: https://api.slack.com/apps > your app > Basic Information > App Credentials > Signing Secret.',
        '',
      ].join('\n'),
    )
    // The rest can still be looked at.
    expect(settingOf(loaded, 'port')).toMatchObject({ isRefused: true, value: undefined })
    expect(settingOf(loaded, 'host')).toMatchObject({ isRefused: false, value: '127.0.0.1' })
  },
)

test('one problem is not called several', () => {
  expect(renderProblems(load({ env: { PORT: 'x' } }).problems)).toStartWith(
    'The configuration has a problem:\n',
  )
})

test('variables that no option has are ignored: the environment belongs to others too', () => {
  expect(load({ env: { SLACK_BOT_TOKE: 'x', PROT: '1' } }).problems).toEqual([])
})

describe('token policies of the configuration file', () => {
  const token = 't'.repeat(32)
  const toml = '[[mcp.tokens]]\nname = "ci"\ntoken_file = "/t"\nread_only = true'

  test('get the token that their file holds', () => {
    const config = configOf(load({ files: { [systemFile]: toml, '/t': `${token}\n` } }))
    expect(
      config.mcpTokens.map(({ name, token: read, isReadOnly }) => [name, read?.reveal(), isReadOnly]),
    ).toEqual([['ci', token, true]])
  })

  test('are refused where the file is missing, unreadable or holds no safe token', () => {
    const rows = [
      [{}, 'the file does not exist'],
      [
        { '/t': { kind: 'unreadable', reason: 'permission denied' } },
        'the file cannot be read: permission denied',
      ],
      [{ '/t': token.slice(1) }, 'a token has at least 32 characters; "openssl rand -base64 33" makes one'],
      [{ '/t': `${token} x` }, 'a token is made of A-Z a-z 0-9 . _ ~ + / - and = at its end'],
    ] as const
    for (const [files, message] of rows) {
      // `serve` demands a token for each policy: what is wrong with the file is not said twice.
      const loaded = load({ purpose: 'serve', env: credentials, files: { [systemFile]: toml, ...files } })
      expect(loaded.problems).toEqual([
        { subject: '[mcp] tokens', message, from: 'file /t (token_file of "ci")' },
      ])
    }
  })
})
