import { describe, expect, test } from 'bun:test'
import { type GivenConfig, resolveConfig } from '../../src/app-options.ts'
import { Secret } from '../../src/base/secret.ts'
import { configWith } from '../../src/config/default-config.ts'
import { optionRules } from '../../src/config/option-rules.ts'

describe('what an embedder gives', () => {
  test('leaves the defaults where it says nothing', () => {
    expect(resolveConfig({})).toEqual(configWith({}))
    const silent: GivenConfig = { port: undefined, logLevel: '', mcpMountPath: ' ', slackBotToken: undefined }
    expect(resolveConfig({ token: null, mcpMountPath: null, config: silent })).toEqual(configWith({}))
  })

  test('is decoded as a variable of the same text', () => {
    const { slackBotToken, slackSigningSecret, mcpAuthTokens, ...others } = resolveConfig({
      token: 'xoxb-1',
      signingSecret: 'one,two',
      config: {
        mcpAuthTokens: 'alice:0123456789-0123456789-0123456789',
        port: '8080',
        docsEnabled: 'false',
        logLevel: 'debug',
        corsAllowOrigins: 'https://a.example, https://b.example',
      },
    })
    expect(slackBotToken?.reveal()).toBe('xoxb-1')
    expect(slackSigningSecret.map((secret) => secret.reveal())).toEqual(['one', 'two'])
    expect(mcpAuthTokens.map(({ name }) => name)).toEqual(['alice'])
    expect(others).toMatchObject({
      port: 8080,
      docsEnabled: false,
      logLevel: 'debug',
      corsAllowOrigins: ['https://a.example', 'https://b.example'],
    })
  })

  test('may be the value that the program uses', () => {
    const given = {
      slackBotToken: new Secret('xoxb-1'),
      slackSigningSecret: [new Secret('one')],
      port: 0,
      docsEnabled: false,
    } as const
    expect(resolveConfig({ config: given })).toEqual(configWith(given))
  })

  test('may be what has been decoded before', () => {
    const decoded = resolveConfig({
      token: 'xoxb-1',
      signingSecret: 'one,two',
      mcpMountPath: '/api/mcp/',
      config: {
        logLevel: 'WARNING',
        publicUrl: 'https://Slack.Example.com/prefix/',
        slackApiUrl: 'https://slack.com/api',
        redisUrl: 'redis://user:word@localhost/2',
        queueBackendType: 'redis',
        stateDir: '/var/lib/state/',
        forwardUrl: 'https://events.example.com/hook',
        serverTrustedProxies: '10.0.0.0/8,::1',
        allowedHosts: 'Slack.example.com:8443',
        corsAllowOrigins: '*',
        mcpAuth: 'token,slack',
        mcpAuthTokens: `alice:${'x'.repeat(32)}`,
        mcpTimezone: 'Europe/Vienna',
        mcpReadChannels: '#general,!C0123456789',
        forwardEvents: 'message.*,app_mention',
      },
    })
    expect(resolveConfig({ config: decoded })).toEqual(decoded)
  })

  test.each([
    [{ config: { port: '70000' } }, 'port: expected an integer from 0 to 65535, got "70000"'],
    [{ config: { port: 1.5 } }, 'port: expected an integer from 0 to 65535, got 1.5'],
    [{ config: { docsEnabled: 'yes' } }, 'docsEnabled: expected true or false, got "yes"'],
    [{ config: { queueBackendType: 'reddis' } }, 'did you mean redis?'],
    [{ config: { mcpAuthTokens: ['short'] } }, 'mcpAuthTokens: a token has at least 32 characters'],
    [{ retry: -1 }, 'slackRetry: expected an integer'],
    [{ token: 'xapp-1' }, 'slackBotToken: this is an app-level token'],
    [{ signingSecret: 'xoxb-1' }, 'slackSigningSecret: this is a token'],
    [{ mcpMountPath: 'mcp' }, 'mcpMountPath: '],
    [{ config: { slackTokne: 'x' } as GivenConfig }, 'There is no option "slackTokne"'],
    [{ config: { slackRetri: undefined } as GivenConfig }, 'did you mean slackRetry?'],
  ])('%j is refused by the key of its option', (options, message) => {
    expect(() => resolveConfig(options)).toThrow(message)
  })
})

describe('options beside each other', () => {
  test.each<[GivenConfig, string]>([
    [{ mcpEnabled: false, webhookEnabled: false }, 'mcpEnabled: '],
    [{ queueBackendType: 'redis' }, 'redisUrl: is required by the redis backend'],
    [{ queueBackendType: 'sqlite' }, 'stateDir: is required by the sqlite backend'],
    [{ mcpAuth: 'slack' }, 'mcpAuth: slack needs SLACK_SIGNING_SECRET'],
    [{ mcpAuth: 'none,token' }, 'mcpAuth: none cannot stand beside another mode'],
    [{ mcpAuth: 'none', host: '0.0.0.0' }, 'mcpAuth: none is allowed on a loopback address only'],
    [{ mcpAuth: 'none', publicUrl: 'https://slack.example.com' }, 'mcpAuth: none is allowed with loopback'],
    [{ adminPort: 3000 }, 'adminPort: is the same as PORT'],
    [{ forwardUrl: 'https://10.0.0.7/' }, 'forwardUrl: '],
    [{ forwardUrl: 'https://events.example.com/', webhookEnabled: false }, 'forwardUrl: needs the webhook'],
    [{ slackSigningSecret: 'one', forwardSecret: 'one' }, 'forwardSecret: '],
    [{ corsAllowOrigins: '*', corsAllowCredentials: true }, 'corsAllowOrigins: '],
    [{ mcpSessionsPerPrincipalMax: 9, mcpSessionsMax: 8 }, 'mcpSessionsPerPrincipalMax: '],
    [{ mcpTokens: [policyOf('alice')] }, 'mcpTokens: each has one token'],
    [{ mcpAuthTokens: `a:${'x'.repeat(32)},b:${'x'.repeat(32)}` }, 'mcpAuthTokens: two names'],
  ])('%j breaks a rule of serve', (config, message) => {
    expect(() => resolveConfig({ config })).toThrow(message)
  })

  test('are looked at for every rule of serve but those about credentials', () => {
    const ofServe = optionRules.filter(({ purposes }) => purposes.includes('serve'))
    const about = ofServe.filter((rule) => rule.isAboutCredentials === true)
    expect(about.map(({ concerns: [key] }) => key)).toEqual(['slackSigningSecret', 'slackBotToken'])
  })
})

function policyOf(name: string) {
  return {
    name,
    tokenFile: undefined,
    token: undefined,
    isReadOnly: true,
    toolsets: undefined,
    channels: undefined,
  }
}
