import { describe, expect, test } from 'bun:test'
import { runCommandLine } from '../../support/cli-context.ts'
import { verifies } from '../../support/verifies.ts'

async function manifest(...argv: readonly string[]) {
  const { code, stdout, stderr } = await runCommandLine(['manifest', ...argv])
  expect(code).toBe(0)
  return { manifest: JSON.parse(stdout), stderr }
}

describe('manifest', () => {
  verifies(
    'cli:manifest',
    'prints what the enabled tools and events need, without any credential',
    async () => {
      const { manifest: printed, stderr } = await manifest('--public-url', 'https://slack.example.com/x/')
      expect(printed.oauth_config.scopes.bot).toContain('chat:write')
      expect(printed.oauth_config.scopes.bot).not.toContain('files:read')
      expect(printed.oauth_config.scopes.user).toBeUndefined()
      expect(printed.settings.event_subscriptions.request_url).toBe(
        'https://slack.example.com/x/slack/events',
      )
      expect(printed.mcp_servers).toBeUndefined()
      expect(stderr).toBe(
        [
          'Note: Slack asks https://slack.example.com/x/slack/events whether it answers: have the server running by then.',
          "Note: Slack's own MCP client is not let in; MCP_AUTH=token,slack adds it here and on the server.",
          '',
        ].join('\n'),
      )
    },
  )

  test('follows the choice of tools', async () => {
    const reading = await manifest('--read-only', '--no-webhook', '--toolsets', 'messages,search')
    expect(reading).toEqual({ manifest: expect.anything(), stderr: '' })
    expect(reading.manifest.oauth_config.scopes.bot).toEqual([
      'channels:history',
      'groups:history',
      'im:history',
      'mpim:history',
    ])
    expect(reading.manifest.oauth_config.scopes.user).toContain('search:read')
    const off = await manifest('--no-mcp', '--public-url', 'https://a.example')
    expect(off.manifest.oauth_config.scopes.bot).not.toContain('chat:write')
    expect(off.manifest.oauth_config.scopes.bot).toContain('channels:history')
  })

  test("lets Slack's own MCP client in where the server does", async () => {
    const { manifest: printed } = await manifest(
      '--mcp-auth',
      'token,slack',
      '--public-url',
      'https://a.example',
      '--mount-path',
      '/api/mcp',
    )
    expect(printed.mcp_servers).toEqual({
      slackmcp: { url: 'https://a.example/api/mcp', auth_type: 'slack_identity_auth' },
    })
    expect(printed.oauth_config.scopes.bot).toContain('mcp:connect')
  })

  test('says what is left out without an address that Slack takes', async () => {
    for (const [argv, why] of [
      [[], 'PUBLIC_URL does not say where Slack reaches the server'],
      [['--public-url', 'http://a.example'], 'PUBLIC_URL is plain http, and Slack takes https only'],
    ] as const) {
      const { manifest: printed, stderr } = await manifest('--mcp-auth', 'token,slack', ...argv)
      expect(printed.settings.event_subscriptions).toBeUndefined()
      expect(printed.mcp_servers).toBeUndefined()
      expect(stderr).toContain(`Events are left out: ${why}.`)
      expect(stderr).toContain(`Slack's own MCP client is left out: ${why}.`)
    }
  })

  test('--url prints one line: the page that creates the app', async () => {
    const { code, stdout } = await runCommandLine(['manifest', '--url'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^https:\/\/api\.slack\.com\/apps\?new_app=1&manifest_json=%7B\S+\n$/)
  })

  test('refuses what is no configuration', async () => {
    expect((await runCommandLine(['manifest', '--public-url', 'x'])).code).toBe(78)
    expect((await runCommandLine(['manifest', '--exclude-tools', 'slack_post_mesage'])).code).toBe(78)
    expect((await runCommandLine(['manifest', 'x'])).code).toBe(2)
  })
})
