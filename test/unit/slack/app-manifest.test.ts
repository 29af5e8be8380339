import { describe, expect, test } from 'bun:test'
import Ajv from 'ajv'
import { type AppFeatures, createAppLink, createAppManifest } from '../../../src/slack/app-manifest.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import schema from '../../support/slack-manifest-schema.json'
import { verifies } from '../../support/verifies.ts'

const isManifest = new Ajv({ strict: false }).compile(schema)

/** What Slack has against a manifest. */
function complaintsAbout(manifest: unknown): readonly string[] {
  isManifest(manifest)
  return (isManifest.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const scopesOf = (kind: 'bot' | 'user') =>
  toolTable.filter(({ token = 'bot' }) => token === kind).flatMap((tool) => tool.scopes)

/** Everything that the product can be set up to do. */
const everything: AppFeatures = {
  botScopes: scopesOf('bot'),
  userScopes: scopesOf('user'),
  receivesEvents: true,
  eventsUrl: 'https://slack.example.com/slack/events',
  mcpUrl: 'https://slack.example.com/mcp',
}
const nothing: AppFeatures = {
  botScopes: [],
  userScopes: [],
  receivesEvents: false,
  eventsUrl: undefined,
  mcpUrl: undefined,
}

describe('the manifest of the Slack app', () => {
  verifies('cli:manifest:schema', 'is what Slack takes, whatever is switched on', () => {
    for (const features of [
      everything,
      nothing,
      { ...everything, eventsUrl: undefined, mcpUrl: undefined },
    ]) {
      const manifest = createAppManifest(features)
      expect(complaintsAbout(manifest)).toEqual([])
      // What Slack's schema means and does not say: "regex" is no word of JSON Schema, and names of bots are of few letters.
      expect(manifest.display_information.background_color).toMatch(/^#[0-9A-F]{6}$/)
      expect(manifest.features.bot_user.display_name).toMatch(/^[a-z0-9._-]+$/)
      for (const scopes of Object.values(manifest.oauth_config.scopes))
        expect(new Set(scopes).size).toBe(scopes.length)
    }
  })

  test('would be refused with a key that Slack does not know, or beyond its limits', () => {
    const manifest = createAppManifest(everything)
    const { settings, mcp_servers: servers } = manifest
    expect(complaintsAbout({ ...manifest, mcpServers: servers })).toEqual([
      ' must NOT have additional properties',
    ])
    expect(complaintsAbout({ ...manifest, settings: { ...settings, interactivity: {} } })).toEqual([
      "/settings/interactivity must have required property 'is_enabled'",
    ])
    const eventsUrl = `https://${'a'.repeat(3500)}`
    expect(complaintsAbout(createAppManifest({ ...everything, eventsUrl }))).toEqual([
      '/settings/event_subscriptions/request_url must NOT have more than 3500 characters',
    ])
  })

  test('asks for every scope of tools, events and the MCP client once, in order', () => {
    const { bot, user } = createAppManifest(everything).oauth_config.scopes
    expect(bot).toEqual([...new Set(bot)].sort())
    for (const scope of [...scopesOf('bot'), 'app_mentions:read', 'reactions:read', 'mcp:connect']) {
      expect(bot).toContain(scope)
    }
    expect(user).toEqual([...scopesOf('user')].sort())
    expect(createAppManifest(nothing).oauth_config.scopes).toEqual({ bot: [] })
  })

  test('has no subscription without an address, but its scopes', () => {
    const { settings, oauth_config } = createAppManifest({
      ...nothing,
      receivesEvents: true,
    })
    expect(settings.event_subscriptions).toBeUndefined()
    expect(oauth_config.scopes.bot).toContain('app_mentions:read')
  })

  test('has no subscription where events are not received', () => {
    const { settings, oauth_config } = createAppManifest({ ...everything, receivesEvents: false })
    expect(settings.event_subscriptions).toBeUndefined()
    expect(oauth_config.scopes.bot).not.toContain('app_mentions:read')
  })

  test('fits into a link that says the same', () => {
    const manifest = createAppManifest(everything)
    const link = new URL(createAppLink(manifest))
    expect([link.origin, link.pathname, link.searchParams.get('new_app')]).toEqual([
      'https://api.slack.com',
      '/apps',
      '1',
    ])
    expect(JSON.parse(link.searchParams.get('manifest_json') ?? '')).toEqual(
      JSON.parse(JSON.stringify(manifest)),
    )
    // Browsers and servers take 8 KiB; everything there is must fit.
    expect(link.href.length).toBeLessThan(8 * 1024)
  })
})
