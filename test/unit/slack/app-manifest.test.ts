import { describe, expect, test } from 'bun:test'
import { type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type AppFeatures, createAppLink, createAppManifest } from '../../../src/slack/app-manifest.ts'
import { toolTable } from '../../../src/tools/tool-table.ts'
import { verifies } from '../../support/verifies.ts'

const closed = (properties: Record<string, TSchema>) =>
  Type.Object(properties, { additionalProperties: false })
const text = (minLength: number, maxLength: number) => Type.String({ minLength, maxLength })
const scopes = Type.Array(Type.String({ maxLength: 50 }), { maxItems: 255, uniqueItems: true })

/** Slack's schema 2.0.0 for the keys that we write, its limits included; every other key is an error, as it is there or would be of no use to us. */
const manifestSchema = closed({
  _metadata: closed({ major_version: Type.Literal(2), minor_version: Type.Integer() }),
  display_information: closed({
    name: text(1, 35),
    description: text(1, 140),
    background_color: Type.String({ pattern: '^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$' }),
  }),
  features: closed({
    app_home: closed({
      home_tab_enabled: Type.Boolean(),
      messages_tab_enabled: Type.Boolean(),
      messages_tab_read_only_enabled: Type.Boolean(),
    }),
    bot_user: closed({
      display_name: Type.String({ pattern: '^[a-z0-9._-]{1,80}$' }),
      always_online: Type.Boolean(),
    }),
  }),
  oauth_config: closed({ scopes: closed({ bot: scopes, user: Type.Optional(scopes) }) }),
  settings: closed({
    event_subscriptions: Type.Optional(
      closed({
        request_url: Type.String({ pattern: '^https?://', maxLength: 3500 }),
        bot_events: Type.Array(Type.String({ maxLength: 50 }), { maxItems: 100, uniqueItems: true }),
      }),
    ),
    interactivity: closed({ is_enabled: Type.Boolean() }),
    org_deploy_enabled: Type.Boolean(),
    socket_mode_enabled: Type.Boolean(),
    token_rotation_enabled: Type.Boolean(),
  }),
  mcp_servers: Type.Optional(
    Type.Record(
      Type.String(),
      closed({
        url: Type.String({ pattern: '^https://', maxLength: 500 }),
        auth_type: Type.Union(
          ['dynamic_client_registration', 'no_auth', 'manual_auth', 'slack_identity_auth'].map((name) =>
            Type.Literal(name),
          ),
        ),
      }),
      { maxProperties: 20 },
    ),
  ),
})

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
      expect([...Value.Errors(manifestSchema, createAppManifest(features))]).toEqual([])
    }
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
