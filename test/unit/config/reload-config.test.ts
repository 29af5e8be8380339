import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { configWith } from '../../../src/config/default-config.ts'
import type { LoadedConfig } from '../../../src/config/load-config.ts'
import type { Config } from '../../../src/config/option-table.ts'
import { planReload } from '../../../src/config/reload-config.ts'
import { verifies } from '../../support/verifies.ts'

const credentials = {
  slackBotToken: new Secret('xoxb-1'),
  slackSigningSecret: [new Secret('first')],
} as const
const running = configWith(credentials)

function read(values: Partial<Config>): LoadedConfig {
  const config = configWith({
    slackBotToken: new Secret('xoxb-1'),
    slackSigningSecret: [new Secret('first')],
    ...values,
  })
  return { config, values: config, settings: new Map(), problems: [], configFilePath: undefined }
}

const plan = (values: Partial<Config>, before: Config = running) => planReload(before, read(values), 'serve')

test('what was read again and says the same changes nothing', () => {
  expect(plan({})).toEqual({ kind: 'accepted', config: running, changed: [], waiting: [] })
})

describe('a difference', () => {
  verifies(
    'reload:atomic',
    'takes effect where a reload can change it, and waits where only a start can',
    () => {
      const planned = plan({ mcpReadOnly: true, port: 4000, slackSigningSecret: [new Secret('second')] })
      if (planned.kind !== 'accepted') return expect.unreachable()
      expect(planned.changed).toEqual(['slackSigningSecret', 'mcpReadOnly'])
      expect(planned.waiting).toEqual(['port'])
      expect([planned.config.mcpReadOnly, planned.config.port]).toEqual([true, 3000])
      expect(planned.config.slackSigningSecret[0]?.reveal()).toBe('second')
    },
  )

  test('within a list of tables is seen, also where only a secret differs', () => {
    const policy = {
      name: 'reports',
      tokenFile: '/run/secrets/reports',
      isReadOnly: true,
      toolsets: ['messages'],
      channels: undefined,
    }
    const withToken = (token: string) =>
      configWith({ ...running, mcpTokens: [{ ...policy, token: new Secret(token) }] })
    const [one, other] = ['a', 'b'].map((letter) => withToken(letter.repeat(40)))
    if (one === undefined || other === undefined) return expect.unreachable()
    expect(plan(other, one)).toMatchObject({ changed: ['mcpTokens'] })
    expect(plan(one, one)).toMatchObject({ changed: [] })
  })
})

test('a configuration with problems is refused with all of them', () => {
  const problems = [{ subject: 'PORT', message: 'expected an integer' }]
  const loaded = { ...read({}), config: undefined, problems }
  expect(planReload(running, loaded, 'serve')).toEqual({ kind: 'refused', problems })
})

verifies(
  'reload:refused',
  'a mixture that no start would take is refused, though the file alone is right',
  () => {
    const planned = plan({ webhookEnabled: false, slackSigningSecret: [] })
    expect(planned).toEqual({
      kind: 'refused',
      problems: [
        {
          subject: 'SLACK_SIGNING_SECRET (SLACK_SIGNING_SECRET_FILE, [slack] signing_secret)',
          message:
            'is required to tell Slack from others (or --no-webhook to run MCP alone), and the rest of the change takes effect at the next start only',
          hint: 'Restart instead of reloading.',
        },
      ],
    })
  },
)
