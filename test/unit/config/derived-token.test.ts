import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { acceptedAdminTokens, acceptedMcpTokens } from '../../../src/config/accepted-tokens.ts'
import { configWith } from '../../../src/config/default-config.ts'
import { deriveTokens } from '../../../src/config/derived-token.ts'
import { verifies } from '../../support/verifies.ts'

const secrets = (...texts: readonly string[]) => texts.map((text) => new Secret(text))
const reveal = (tokens: readonly Secret[]) => tokens.map((token) => token.reveal())

describe('derived tokens', () => {
  const keys = { slackSigningSecret: secrets('8f742231b10e8888abcd99yyyzzz85a5'), slackBotToken: undefined }

  verifies('config:token:vectors', 'are base64url(HMAC-SHA256(key, label)), as openssl computes it', () => {
    expect(reveal(deriveTokens(keys, 'mcp'))).toEqual(['jntQmSk3l4hwWaqOUHOeRT-9ytIkJqpazNNMEMBODaE'])
    expect(reveal(deriveTokens(keys, 'admin'))).toEqual(['PluZGMSDRnOBhgP70jPadQxDVD31S-Ck7TgFuxw-rU4'])
    expect(reveal(deriveTokens(keys, 'forward'))).toEqual(['IZHQmMAEa6yNP2cwT_r4sqsFghXWCKotWGK8IJI2004'])
  })

  test('come from every signing secret in order, else from the bot token, else from nothing', () => {
    const both = { slackSigningSecret: secrets('one', 'two'), slackBotToken: new Secret('xoxb-1') }
    const single = (text: string) => deriveTokens({ ...both, slackSigningSecret: secrets(text) }, 'mcp')
    expect(reveal(deriveTokens(both, 'mcp'))).toEqual([...reveal(single('one')), ...reveal(single('two'))])
    const fromBot = deriveTokens({ ...both, slackSigningSecret: [] }, 'mcp')
    expect(reveal(fromBot)).toEqual(['59vl5g1tkSQ8pNQksEunvIEhDgucjZ4npvZ1-FdnNgI'])
    expect(deriveTokens({ slackSigningSecret: [], slackBotToken: undefined }, 'mcp')).toEqual([])
  })
})

describe('the tokens that MCP accepts', () => {
  const slackSigningSecret = secrets('one', 'two')
  const named = (name: string) => ({ name, token: new Secret(`${name}-token`) })
  const policy = { isReadOnly: true, toolsets: ['messages'], channels: ['#a'] }

  test('are derived where none is configured, for one principal without restrictions', () => {
    const accepted = acceptedMcpTokens(configWith({ slackSigningSecret }))
    const unrestricted = { isReadOnly: false, toolsets: undefined, channels: undefined }
    expect(accepted.map(({ name, policy: given }) => [name, given])).toEqual([
      ['derived', unrestricted],
      ['derived', unrestricted],
    ])
    expect(accepted.map(({ token }) => token.reveal())).toEqual(
      reveal(deriveTokens({ slackSigningSecret, slackBotToken: undefined }, 'mcp')),
    )
  })

  verifies(
    'config:token:configured',
    'are the configured ones alone where there are any, each with its policy',
    () => {
      const config = configWith({
        slackSigningSecret,
        mcpAuthTokens: [named('default'), named('ci')],
        mcpTokens: [
          { name: 'ci', tokenFile: undefined, token: undefined, ...policy },
          {
            name: 'reports',
            tokenFile: '/t',
            token: new Secret('reports-token'),
            ...policy,
            isReadOnly: false,
          },
        ],
      })
      const unrestricted = { isReadOnly: false, toolsets: undefined, channels: undefined }
      expect(acceptedMcpTokens(config).map((row) => [row.name, row.token.reveal(), row.policy])).toEqual([
        ['default', 'default-token', unrestricted],
        ['ci', 'ci-token', policy],
        ['reports', 'reports-token', { ...policy, isReadOnly: false }],
      ])
    },
  )

  test('of the admin routes are the configured one, else derived with a label of their own', () => {
    const derived = acceptedAdminTokens(configWith({ slackSigningSecret }))
    expect(reveal(derived)).toEqual(
      reveal(deriveTokens({ slackSigningSecret, slackBotToken: undefined }, 'admin')),
    )
    const mcp = acceptedMcpTokens(configWith({ slackSigningSecret })).map(({ token }) => token.reveal())
    expect(reveal(derived).filter((token) => mcp.includes(token))).toEqual([])
    expect(reveal(acceptedAdminTokens(configWith({ adminToken: new Secret('mine') })))).toEqual(['mine'])
  })
})
