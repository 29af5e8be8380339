import { Type } from '@sinclair/typebox'
import {
  absolutePath,
  addressRanges,
  bindHost,
  hostNames,
  mountPath,
  publicUrl,
  redisUrl,
  slackApiUrl,
  timezone,
} from './address-types.ts'
import { forwardUrl } from './forward-url.ts'
import type { OptionRow, OptionValue } from './option-row.ts'
import { choice, count, logLevel, none, ratio, texts, toggle } from './plain-types.ts'
import { bearerToken, namedTokens, signingSecrets, slackToken, tokenPolicies } from './secret-types.ts'
import { collectorUrl, requestHeaders, resourceAttributes } from './trace-types.ts'

/** `#general`, `general`, `C024BE91L`, each with an optional `!`. */
const channelRules = {
  schema: texts([], '^!?(#?[^\\s#!,]+)$'),
  placeholder: 'channel,…',
  expects: 'channels such as #general, C024BE91L or !#secret',
} as const

const toolNames = {
  schema: texts([], '^[a-z_]+$'),
  placeholder: 'name,…',
  expects: 'names of tools',
} as const

/**
 * Every option, once. From a row come the variable (`queueBackendType` is QUEUE_BACKEND_TYPE), the flag (--queue-backend-type), the key of the
 * configuration file (`backend_type` in `[queue]`), the type, default and bounds, help, documents, .env.example and the JSON Schema.
 */
export const optionTable = {
  host: {
    schema: bindHost({ default: '127.0.0.1' }),
    group: 'server',
    description: 'Address to listen on. 0.0.0.0 in containers, where others must reach the server.',
    placeholder: 'address',
  },
  port: {
    schema: count(3000, 0, 65_535),
    group: 'server',
    description: 'Port to listen on; 0 picks a free one and prints it.',
  },
  publicUrl: {
    schema: none(publicUrl()),
    group: 'server',
    description: 'URL under which clients and Slack reach the server from outside.',
    placeholder: 'url',
    hint: 'For example https://slack.example.com.',
  },
  allowedHosts: {
    schema: hostNames(),
    group: 'server',
    reloads: true,
    description:
      'Host names that requests for MCP, REST, docs and admin may carry, beside PUBLIC_URL and loopback.',
    placeholder: 'host,…',
  },
  serverTrustedProxies: {
    schema: addressRanges(),
    group: 'server',
    reloads: true,
    description: 'Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.',
    flag: '--trusted-proxies',
    placeholder: 'cidr,…',
  },
  serverRequireHttps: {
    schema: toggle(false),
    group: 'server',
    reloads: true,
    description:
      'Whether requests that reached a trusted proxy over plain HTTP are refused, and those that came past it.',
    flag: '--require-https',
  },
  serverShutdownSeconds: {
    schema: count(10, 1, 600),
    group: 'server',
    description:
      'How long a stop may take to finish what is in flight; then the process ends with exit code 1.',
    flag: '--shutdown-seconds',
  },
  stateDir: {
    schema: none(absolutePath()),
    group: 'server',
    description: 'Directory for what must survive a restart. Without it nothing is written anywhere.',
    envOfServiceManager: 'STATE_DIRECTORY',
    placeholder: 'directory',
    expects: 'an absolute path',
  },
  adminToken: {
    schema: none(bearerToken()),
    group: 'server',
    reloads: true,
    description: 'Bearer token of the admin routes. Without it one is derived; "token --admin" prints it.',
    secret: true,
    placeholder: 'token',
  },
  adminPort: {
    schema: none(Type.Integer({ minimum: 0, maximum: 65_535 })),
    group: 'server',
    description: 'Port for admin, /metrics and /docs alone; without it they are on PORT.',
  },
  adminHost: {
    schema: bindHost({ default: '127.0.0.1' }),
    group: 'server',
    description: 'Address that ADMIN_PORT listens on.',
    placeholder: 'address',
  },

  slackBotToken: {
    schema: none(slackToken()),
    group: 'slack',
    reloads: true,
    description: 'Bot User OAuth Token of the Slack app (xoxb-…).',
    secret: true,
    placeholder: 'xoxb-…',
    hint: 'https://api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token.',
  },
  slackUserToken: {
    schema: none(slackToken()),
    group: 'slack',
    reloads: true,
    description: 'User OAuth Token (xoxp-…): only what no bot token may do, such as search.',
    secret: true,
    placeholder: 'xoxp-…',
    hint: 'https://api.slack.com/apps > your app > OAuth & Permissions > User OAuth Token.',
  },
  slackSigningSecret: {
    schema: signingSecrets(),
    group: 'slack',
    reloads: true,
    description:
      'Secret that Slack signs webhook bodies with. Several, separated by commas, while one is replaced.',
    secret: true,
    placeholder: 'secret,…',
    hint: 'https://api.slack.com/apps > your app > Basic Information > App Credentials > Signing Secret.',
  },
  slackApiUrl: {
    schema: slackApiUrl({ default: 'https://slack.com/api/' }),
    group: 'slack',
    description: 'Base URL of the Slack Web API: GovSlack, or a double on loopback.',
    placeholder: 'url',
  },
  slackRetry: {
    schema: count(3, 0, 10),
    group: 'slack',
    description: 'How often a failed call of the Slack Web API is tried again; 0 is never.',
    flag: '--retry',
  },
  slackDistributedAppLimits: {
    schema: toggle(false),
    group: 'slack',
    description:
      'Keep to the limits of apps sold outside the Marketplace: history once a minute, 15 messages.',
    flag: '--distributed-app-limits',
  },
  slackEventsTopic: {
    schema: Type.String({ default: 'slack.events', pattern: '^[A-Za-z0-9._:-]{1,200}$' }),
    group: 'slack',
    description: 'Topic of the queue that events are published to and consumed from.',
    placeholder: 'topic',
    expects: 'up to 200 of A-Z a-z 0-9 . _ : -',
  },

  mcpEnabled: {
    schema: toggle(true),
    group: 'mcp',
    description: 'Whether MCP is served. Off, the webhook runs alone and no bot token is needed.',
    negation: 'Do not serve MCP: the webhook runs alone, and no bot token is needed.',
    flag: '--mcp',
  },
  mcpTransport: {
    schema: choice(['sse', 'streamable-http'], 'sse'),
    group: 'mcp',
    description:
      'sse: legacy SSE and streamable HTTP below the mount path. streamable-http: that at the root and the mount path, and REST.',
    flag: '--transport',
    refusals: {
      stdio: 'stdio is a command of its own, "slack-integrated-server stdio"',
      'socket-mode': 'Socket Mode is not supported; Slack delivers events to the webhook',
    },
  },
  mcpMountPath: {
    schema: mountPath({ default: '/mcp' }),
    group: 'mcp',
    description: 'Path that MCP is served below.',
    flag: '--mount-path',
    placeholder: 'path',
  },
  mcpAuth: {
    schema: Type.Array(choice(['token', 'slack', 'none'], 'token'), { default: ['token'], minItems: 1 }),
    group: 'mcp',
    description:
      "How MCP clients prove who they are. token: a bearer token. slack: also Slack's own MCP client, for what its user may see. none: not at all, on loopback only.",
    placeholder: 'mode,…',
    expects: 'token, slack or none',
  },
  mcpAuthTokens: {
    schema: namedTokens(),
    group: 'mcp',
    reloads: true,
    description: 'Bearer tokens of MCP clients. Without any, one is derived; "token" prints it.',
    secret: true,
    placeholder: 'name:token,…',
  },
  mcpTokens: {
    schema: tokenPolicies(),
    group: 'mcp',
    reloads: true,
    description: 'What the bearer of one token may do: name, token_file, read_only, toolsets, channels.',
    secret: true,
    fileOnly: true,
    expects: 'tables with name, and optionally token_file, read_only, toolsets, channels',
  },
  mcpToolsets: {
    schema: texts(['default'], '^[a-z_]+$'),
    group: 'mcp',
    reloads: true,
    description: 'Groups of tools to offer; all is every one.',
    flag: '--toolsets',
    placeholder: 'name,…',
    expects: 'names of toolsets',
  },
  mcpReadOnly: {
    schema: toggle(false),
    group: 'mcp',
    reloads: true,
    description: 'Whether only tools that change nothing in Slack are offered and run.',
    flag: '--read-only',
  },
  mcpTools: {
    ...toolNames,
    group: 'mcp',
    reloads: true,
    description: 'Single tools to offer beside those of the toolsets.',
    flag: '--tools',
  },
  mcpExcludeTools: {
    ...toolNames,
    group: 'mcp',
    reloads: true,
    description: 'Tools not to offer, whatever toolset they are in.',
    flag: '--exclude-tools',
  },
  mcpReadChannels: {
    ...channelRules,
    group: 'mcp',
    reloads: true,
    description: 'Channels that may be read: ids or #names, ! excludes. Without any, all that the bot sees.',
    flag: '--read-channels',
  },
  mcpWriteChannels: {
    ...channelRules,
    group: 'mcp',
    reloads: true,
    description: 'Channels that may be written to, in the same form.',
    flag: '--write-channels',
  },
  mcpDms: {
    schema: toggle(true),
    group: 'mcp',
    reloads: true,
    description: 'Whether direct messages may be read and written.',
    negation: 'Neither read nor write direct messages.',
    flag: '--dms',
  },
  mcpConfirm: {
    schema: toggle(false),
    group: 'mcp',
    reloads: true,
    description: 'Whether tools that lose something ask the user first; clients that cannot ask are refused.',
    flag: '--confirm',
  },
  mcpAllowBroadcasts: {
    schema: toggle(false),
    group: 'mcp',
    reloads: true,
    description: 'Whether messages may notify @channel, @here, @everyone and user groups.',
  },
  mcpAllowUnfurling: {
    schema: toggle(false),
    group: 'mcp',
    reloads: true,
    description: 'Whether Slack may fetch the links of a message for a preview, which tells their server.',
  },
  mcpImageHosts: {
    schema: hostNames(),
    group: 'mcp',
    reloads: true,
    description: 'Hosts from which blocks may show images; Slack fetches them.',
    placeholder: 'host,…',
  },
  mcpHideAuthors: {
    schema: Type.Array(choice(['bots', 'external'], 'bots'), { default: [] }),
    group: 'mcp',
    reloads: true,
    description:
      'Whose messages and files models are not shown. bots: apps other than this one. external: people of other workspaces.',
    flag: '--hide-authors',
    placeholder: 'kind,…',
    expects: 'bots or external',
  },
  mcpTimezone: {
    schema: none(timezone()),
    group: 'mcp',
    reloads: true,
    description: "Time zone in which times are read and shown. Without it the host's.",
    flag: '--timezone',
    placeholder: 'zone',
    hint: 'An IANA name such as Europe/Berlin.',
  },
  mcpLookupPagesMax: {
    schema: count(10, 1, 1000),
    group: 'mcp',
    reloads: true,
    description: 'Pages of a listing that looking for a name reads at most.',
  },
  mcpSessions: {
    schema: choice(['memory', 'stateless'], 'memory'),
    group: 'mcp',
    description:
      'Where sessions of clients before 2026-07-28 live. stateless: nowhere, for several replicas.',
  },
  mcpSessionsMax: {
    schema: count(1000, 1, 1_000_000),
    group: 'mcp',
    description: 'Sessions open at once.',
  },
  mcpSessionsPerPrincipalMax: {
    schema: count(64, 1, 1_000_000),
    group: 'mcp',
    description: 'Sessions that one principal may have open.',
  },
  mcpSessionIdleSeconds: {
    schema: count(900, 1, 86_400),
    group: 'mcp',
    description: 'How long a session without a request or stream stays open.',
  },
  mcpSessionLifetimeSeconds: {
    schema: count(86_400, 1, 2_592_000),
    group: 'mcp',
    description: 'How long a session stays open at most.',
  },
  mcpSessionInitializeSeconds: {
    schema: count(10, 1, 3600),
    group: 'mcp',
    description: 'How long a session may be open before the client has initialised it.',
  },
  mcpSessionCallsMax: {
    schema: count(32, 1, 10_000),
    group: 'mcp',
    description: 'Requests of one session that may run at once.',
  },

  webhookEnabled: {
    schema: toggle(true),
    group: 'webhook',
    description: "Whether Slack's events are received. Off, MCP runs alone and no signing secret is needed.",
    negation: "Do not receive Slack's events: MCP runs alone, and no signing secret is needed.",
    flag: '--webhook',
  },

  queueBackendType: {
    schema: choice(['memory', 'sqlite', 'redis'], 'memory'),
    group: 'queue',
    description:
      'Where accepted events are kept: memory loses them at exit, sqlite needs STATE_DIR, redis REDIS_URL.',
    envAliases: ['QUEUE_BACKEND'],
    flag: '--queue-backend',
  },
  redisUrl: {
    schema: none(redisUrl()),
    group: 'queue',
    description: 'The Redis server of the redis backend; rediss:// for TLS.',
    secret: true,
    placeholder: 'redis://…',
    hint: 'For example redis://user:password@redis.example.com:6379/0.',
  },
  redisKeyPrefix: {
    schema: none(Type.String({ pattern: '^[A-Za-z0-9._:-]{1,100}$' })),
    group: 'queue',
    description: 'What every key in Redis begins with, where several servers share one.',
    placeholder: 'prefix',
    expects: 'up to 100 of A-Z a-z 0-9 . _ : -',
  },
  redisTlsCa: {
    schema: none(absolutePath()),
    group: 'queue',
    description: "PEM file with the authority that signed the certificate of Redis; without it the system's.",
    placeholder: 'file',
    expects: 'an absolute path',
  },
  queueEventsMax: {
    schema: count(1_000_000, 1, 100_000_000),
    group: 'queue',
    description: "Events that sqlite and redis keep at most; a day of Slack's maximum rate is 720000.",
  },
  queueMebibytesMax: {
    schema: count(4096, 1, 1_048_576),
    group: 'queue',
    description: "MiB of events that sqlite and redis keep at most; a day of Slack's maximum rate is 2100.",
  },
  queueRetentionHours: {
    schema: count(24, 1, 8760),
    group: 'queue',
    description: 'How long sqlite and redis keep an event that every group has acknowledged.',
  },
  queueFull: {
    schema: choice(['refuse', 'drop-oldest'], 'refuse'),
    group: 'queue',
    description:
      'At the bound, while a group is behind: refuse answers Slack 503, drop-oldest loses the oldest event.',
  },
  queueGroupIdleDays: {
    schema: count(7, 1, 365),
    group: 'queue',
    description: 'How long a group with events waiting may be idle before log, health and metrics name it.',
  },
  queueMemoryEventsMax: {
    schema: count(10_000, 1, 10_000_000),
    group: 'queue',
    description: 'Events that the memory backend keeps.',
  },
  queueDedupeSeconds: {
    schema: count(93_600, 60, 604_800),
    group: 'queue',
    description:
      'How long an event is remembered so that a repeated one is stored once; Slack repeats for 24 h.',
  },
  queueDedupeIdsMax: {
    schema: count(100_000, 1, 10_000_000),
    group: 'queue',
    description: 'Events that the memory backend remembers for this at most.',
  },

  forwardUrl: {
    schema: none(forwardUrl()),
    group: 'forward',
    description: 'Endpoint that every event is delivered to over HTTP; none without it.',
    placeholder: 'url',
    hint: 'For example https://consumer.example.com/slack.',
  },
  forwardSecret: {
    schema: none(bearerToken()),
    group: 'forward',
    reloads: true,
    description:
      'Secret that deliveries are signed with. Without it one is derived; "token --forward" prints it.',
    secret: true,
    placeholder: 'secret',
  },
  forwardEvents: {
    schema: texts(['*'], '^(\\*|[a-z][a-z0-9_.:]*\\*?)$'),
    group: 'forward',
    description:
      'Events to deliver: types (app_mention), message.im and the like, beginnings (reaction_*), or *.',
    placeholder: 'event,…',
    expects: 'types of events such as app_mention, message.im, reaction_* or *',
  },
  forwardTimeoutSeconds: {
    schema: count(10, 1, 300),
    group: 'forward',
    description: 'How long the endpoint may take to answer one delivery.',
  },
  forwardConcurrency: {
    schema: count(8, 1, 256),
    group: 'forward',
    description: 'Deliveries under way at once.',
  },
  forwardOrdered: {
    schema: toggle(false),
    group: 'forward',
    description:
      'Whether the events of a channel are delivered one after the other; one that fails holds back the rest.',
  },
  forwardPrivateNetwork: {
    schema: toggle(false),
    group: 'forward',
    description: 'Whether FORWARD_URL may be plain http, an address or a name of a private network.',
  },

  limitsAddressFailuresPerMinute: {
    schema: count(60, 1, 1_000_000),
    group: 'limits',
    reloads: true,
    description:
      'Requests to MCP, REST or admin without valid credentials from one address before it gets 429. Valid ones never do.',
  },
  limitsPrincipalRequestsPerMinute: {
    schema: count(600, 1, 1_000_000),
    group: 'limits',
    reloads: true,
    description: 'MCP and REST requests of one principal.',
  },
  limitsToolCallsPerMinute: {
    schema: count(120, 1, 1_000_000),
    group: 'limits',
    reloads: true,
    description: 'Calls of one tool by one principal.',
  },

  corsAllowOrigins: {
    schema: texts([], '^(\\*|https?://[^/\\s]+)$'),
    group: 'cors',
    reloads: true,
    description: 'Origins of browser pages that may call MCP and REST; none without it.',
    placeholder: 'origin,…',
    expects: 'origins such as https://app.example.com, without a path, or *',
  },
  corsAllowMethods: {
    schema: texts(['GET', 'POST', 'DELETE'], '^[A-Z]+$'),
    group: 'cors',
    reloads: true,
    description: 'Methods that those pages may use.',
    placeholder: 'method,…',
    expects: 'methods in capitals',
  },
  corsAllowHeaders: {
    schema: texts(
      [
        'Authorization',
        'Content-Type',
        'Last-Event-ID',
        'Mcp-Method',
        'Mcp-Name',
        'Mcp-Protocol-Version',
        'Mcp-Session-Id',
        'X-Correlation-Id',
      ],
      '^[A-Za-z0-9-]+$',
    ),
    group: 'cors',
    reloads: true,
    description: 'Headers that those pages may send.',
    placeholder: 'header,…',
    expects: 'names of headers',
  },
  corsAllowCredentials: {
    schema: toggle(false),
    group: 'cors',
    reloads: true,
    description: 'Whether those pages may send cookies; needs named origins.',
  },

  docsEnabled: {
    schema: toggle(true),
    group: 'docs',
    description: 'Whether /docs and /openapi.json are served.',
    negation: 'Do not serve /docs and /openapi.json.',
    flag: '--docs',
  },

  logLevel: {
    schema: logLevel('INFO'),
    group: 'log',
    reloads: true,
    description: 'The least important lines to write.',
    ignoresCase: true,
    synonyms: { WARNING: 'WARN', CRITICAL: 'FATAL' },
  },
  logFormat: {
    schema: choice(['auto', 'json', 'pretty'], 'auto'),
    group: 'log',
    description: 'auto: pretty on a terminal, else json.',
  },

  tracesEndpoint: {
    schema: none(collectorUrl()),
    group: 'traces',
    description:
      'OTLP/HTTP collector that spans are sent to, at /v1/traces below it; nothing is traced without it.',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    placeholder: 'url',
    hint: 'For example http://127.0.0.1:4318.',
  },
  tracesHeaders: {
    schema: requestHeaders(),
    group: 'traces',
    description: 'Headers for the collector, such as authorization=Bearer%20…; values are percent-encoded.',
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    secret: true,
    placeholder: 'name=value,…',
    expects: 'headers as name=value, separated by commas',
  },
  tracesProtocol: {
    schema: choice(['http/protobuf', 'http/json'], 'http/protobuf'),
    group: 'traces',
    description: 'How spans are written for the collector.',
    env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    refusals: { grpc: 'use http/protobuf and the port of the OTLP/HTTP receiver, usually 4318' },
  },
  tracesServiceName: {
    schema: Type.String({ default: 'slack-integrated-server', minLength: 1, maxLength: 255 }),
    group: 'traces',
    description: 'Name of this service in traces.',
    env: 'OTEL_SERVICE_NAME',
    placeholder: 'name',
  },
  tracesResourceAttributes: {
    schema: resourceAttributes(),
    group: 'traces',
    description:
      'What else is said of this service in traces, such as deployment.environment.name=production.',
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    placeholder: 'name=value,…',
    expects: 'attributes as name=value, separated by commas, values percent-encoded',
  },
  tracesSampler: {
    schema: choice(
      [
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
        'always_on',
        'always_off',
        'traceidratio',
      ],
      'parentbased_always_on',
    ),
    group: 'traces',
    description:
      'Which traces are kept: always_on, always_off or traceidratio; behind parentbased_ only where no caller decided.',
    env: 'OTEL_TRACES_SAMPLER',
    placeholder: 'sampler',
  },
  tracesSamplerArg: {
    schema: ratio(1),
    group: 'traces',
    description: 'Which part of the traces a sampler by ratio keeps, 0 to 1.',
    env: 'OTEL_TRACES_SAMPLER_ARG',
    placeholder: 'ratio',
  },
} as const satisfies Record<string, OptionRow>

export type OptionTable = typeof optionTable
export type OptionKey = keyof OptionTable

/** The whole configuration, decoded: secrets are `Secret`, lists are read-only, what may be missing is `undefined`. */
export type Config = { readonly [Key in OptionKey]: OptionValue<OptionTable[Key]> }
