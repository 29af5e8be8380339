/**
 * The manifest of the Slack app that a server needs: what Slack is told when the app is created, and what changes it later.
 * Shape and limits: https://github.com/slackapi/manifest-schema, schema 2.0.0.
 */
export interface AppManifest {
  readonly _metadata: { readonly major_version: 2; readonly minor_version: 1 }
  readonly display_information: {
    readonly name: string
    readonly description: string
    readonly background_color: string
  }
  readonly features: {
    readonly app_home: Readonly<Record<string, boolean>>
    readonly bot_user: { readonly display_name: string; readonly always_online: boolean }
  }
  readonly oauth_config: {
    readonly scopes: { readonly bot: readonly string[]; readonly user?: readonly string[] }
  }
  readonly settings: {
    readonly event_subscriptions?: { readonly request_url: string; readonly bot_events: readonly string[] }
    readonly interactivity: { readonly is_enabled: boolean }
    readonly org_deploy_enabled: boolean
    readonly socket_mode_enabled: boolean
    readonly token_rotation_enabled: boolean
  }
  readonly mcp_servers?: Readonly<Record<string, { readonly url: string; readonly auth_type: string }>>
}

/** What a server is set up to do, as far as its Slack app must allow it. */
export interface AppFeatures {
  /** Scopes of the tools that use the bot's token. */
  readonly botScopes: readonly string[]
  /** Scopes of the tools that use a person's token. */
  readonly userScopes: readonly string[]
  readonly receivesEvents: boolean
  /** Where Slack delivers events. Without it the subscription is left out, since Slack takes none; its scopes stay, so that adding it later asks nobody to agree again. */
  readonly eventsUrl: string | undefined
  /** Where Slack's own MCP client calls (https); undefined where it is not let in. */
  readonly mcpUrl: string | undefined
}

/** The events that the app subscribes to, with the scopes of which Slack wants at least one for each; granted all, both public and private channels are heard. */
const botEvents: Readonly<Record<string, readonly string[]>> = {
  app_mention: ['app_mentions:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  'message.mpim': ['mpim:history'],
  reaction_added: ['reactions:read'],
  reaction_removed: ['reactions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  channel_created: ['channels:read'],
  channel_rename: ['channels:read'],
  channel_archive: ['channels:read'],
}

/** What an app needs for Slack's MCP client to call it. https://docs.slack.dev/ai/slackbot-mcp-client */
const mcpScope = 'mcp:connect'

/** The manifest for these features. Slash commands, interactivity, Socket Mode and token rotation are off: nothing here answers them. */
export function createAppManifest(features: AppFeatures): AppManifest {
  const { receivesEvents, eventsUrl, mcpUrl } = features
  const userScopes = sorted(features.userScopes)
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: 'Slack MCP',
      description: 'Self-hosted MCP tools and event delivery for this workspace.',
      background_color: '#4A154B',
    },
    features: {
      app_home: {
        home_tab_enabled: false,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      bot_user: { display_name: 'slack-mcp', always_online: true },
    },
    oauth_config: {
      scopes: {
        bot: botScopesOf(features),
        ...(userScopes.length === 0 ? {} : { user: userScopes }),
      },
    },
    settings: {
      ...(receivesEvents && eventsUrl !== undefined
        ? { event_subscriptions: { request_url: eventsUrl, bot_events: Object.keys(botEvents) } }
        : {}),
      interactivity: { is_enabled: false },
      org_deploy_enabled: false,
      socket_mode_enabled: false,
      token_rotation_enabled: false,
    },
    ...(mcpUrl === undefined
      ? {}
      : { mcp_servers: { slackmcp: { url: mcpUrl, auth_type: 'slack_identity_auth' } } }),
  }
}

/** Every scope that the bot needs for these features, each once, in alphabetical order. */
export function botScopesOf({ botScopes, receivesEvents, mcpUrl }: AppFeatures): readonly string[] {
  return sorted([
    ...botScopes,
    ...(receivesEvents ? Object.values(botEvents).flat() : []),
    ...(mcpUrl === undefined ? [] : [mcpScope]),
  ])
}

/** The page of Slack that creates an app from this manifest, filled in. */
export function createAppLink(manifest: AppManifest): string {
  return `https://api.slack.com/apps?new_app=1&manifest_json=${encodeURIComponent(JSON.stringify(manifest))}`
}

function sorted(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes)].sort()
}
